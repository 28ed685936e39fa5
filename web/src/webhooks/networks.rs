//! Networks that no webhook may reach: everything that is not the public internet, in both families
//! and in every form that carries an IPv4 address inside an IPv6 one. Apart from the guard because it
//! is a table, checked against the registries of special addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Never reached. Loopback is here too; the guard may open it for test mode.
const FORBIDDEN: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    // IPv4 inside IPv6 is judged by the IPv4 address first, and then refused all the same where a
    // relay would have to translate it.
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// A text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address and a number of bits, such as 10.1.0.0/16 or fd00:1::/32")]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Network, InvalidNetwork> {
        let (address, bits) = text.split_once('/').ok_or(InvalidNetwork)?;
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u32 = bits.parse().ok().filter(|_| digits).ok_or(InvalidNetwork)?;
        let network = Network { address, bits };
        // Bits beyond the prefix are mostly a slip of the pen, and a wider opening than was meant.
        let fits = bits <= network.width() && network.contains(address);
        let tidy = fits && network.first() == address;
        if tidy { Ok(network) } else { Err(InvalidNetwork) }
    }
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    const fn width(&self) -> u32 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    fn first(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
            }
        }
    }
}

/// Which addresses may be reached.
#[derive(Clone, Debug)]
pub struct Networks {
    forbidden: Vec<Network>,
    allowed: Vec<Network>,
}

impl Networks {
    /// The public internet, and what the operator opened on purpose.
    pub fn new(allowed: Vec<Network>) -> Networks {
        // A test reads every row of the table, so none is lost here.
        let forbidden = FORBIDDEN.iter().filter_map(|text| text.parse().ok()).collect();
        Networks { forbidden, allowed }
    }

    /// Whether the operator opened any.
    pub fn has_opened(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether this very address was opened by the operator.
    pub fn is_opened(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(unmapped(address)))
    }

    /// Whether a message may go to this address; loopback counts only if `loopback` says so.
    pub fn may_reach(&self, address: IpAddr, loopback: bool) -> bool {
        let address = unmapped(address);
        if self.is_opened(address) || (loopback && address.is_loopback()) {
            return true;
        }
        // Of IPv6 only 2000::/3 was ever given out to anybody.
        let given_out = match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(ip) => ip.segments()[0] >> 13 == 1,
        };
        given_out && !self.forbidden.iter().any(|network| network.contains(address))
    }
}

/// `::ffff:a.b.c.d` is `a.b.c.d` to every kernel.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn reaches(networks: &Networks, address: &str, loopback: bool) -> bool {
        networks.may_reach(address.parse().unwrap(), loopback)
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        assert_eq!(Networks::new(Vec::new()).forbidden.len(), FORBIDDEN.len());
    }

    #[test]
    fn only_the_public_internet_is_reached() {
        let networks = Networks::new(Vec::new());
        #[rustfmt::skip]
        let refused = [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1",
            "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7",
            "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1",
            "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1",
            "fd12:3456::1", "::ffff:0:127.0.0.1", "4000::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
        ];
        for address in refused {
            assert!(!reaches(&networks, address, false), "{address}");
        }
        #[rustfmt::skip]
        let public = [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1",
            "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "198.17.255.255",
            "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2001:4860:4860::8888", "2606:4700::1111",
            "2a00:1450::1",
        ];
        for address in public {
            assert!(reaches(&networks, address, false), "{address}");
        }
    }

    #[test]
    fn loopback_and_opened_networks_are_exceptions_of_their_own() {
        let opened = vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()];
        let networks = Networks::new(opened);
        let table = [
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("::ffff:127.0.0.1", true, true),
            ("127.0.0.1", false, false),
            ("10.0.0.1", true, false),
            ("169.254.169.254", true, false),
            ("10.1.2.3", false, true),
            ("::ffff:10.1.2.3", false, true),
            ("10.2.0.1", false, false),
            ("fd00:1::5", false, true),
            ("fd00:2::5", false, false),
        ];
        for (address, loopback, expected) in table {
            assert_eq!(reaches(&networks, address, loopback), expected, "{address} {loopback}");
        }
    }

    #[test]
    fn networks_are_spelled_strictly() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "1.2.3.4/32", "fd00::/8", "::1/128"] {
            assert!(text.parse::<Network>().is_ok(), "{text}");
        }
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "::1/129",
            "x/8",
            "1.1.1.1/+8",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }
}
