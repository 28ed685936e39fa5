//! Where messages may go. A merchant names the address, so it is judged as a stranger's: its spelling
//! at registration and before every attempt, and every address that its name resolves to inside the
//! connector itself, so that a name which changes its mind in between gains nothing.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::networks::Networks;
use reqwest::Url;
use std::net::IpAddr;

/// Longer addresses are refused.
const CHARS_MAX: usize = 2_000;

/// Names that belong to somebody's own network, or to nobody.
const INSIDE: &[&str] = &[
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "lan",
    "home",
    "home.arpa",
    "test",
    "example",
    "invalid",
    "onion",
    "arpa",
];

/// What is allowed beyond https to the public internet.
#[derive(Clone, Debug)]
pub struct Guard {
    networks: Networks,
    loopback_for_test: bool,
}

/// In which mode an endpoint was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// Real money: https only.
    Live,
    /// No real money: http too.
    Test,
}

impl Mode {
    /// The mode of an object that says whether it is live.
    pub const fn of(livemode: bool) -> Mode {
        if livemode { Mode::Live } else { Mode::Test }
    }
}

/// Why an address is refused. The sentences name rules and never the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each has a sentence of its own")]
pub enum UrlFault {
    #[error("an address has at most 2,000 characters")]
    TooLong,
    #[error("an address is written in visible ASCII, a foreign name in its xn-- form")]
    Characters,
    #[error("an address begins with https:// and the name of a host")]
    Scheme,
    #[error("an address begins with https:// or http:// and the name of a host")]
    TestScheme,
    #[error("an address carries no user name and no password")]
    UserInfo,
    #[error("an address carries no fragment")]
    Fragment,
    #[error("the port is 443, or 1024 and above")]
    Port,
    #[error("the port is 80, 443, or 1024 and above")]
    TestPort,
    #[error("the host is a name, not an address in numbers")]
    NumericHost,
    #[error("the host is a full name on the public internet")]
    HostName,
    #[error("the host is not on the public internet")]
    NotPublic,
}

impl Guard {
    /// `loopback_for_test`: endpoints in test mode may be on this machine. Only right while the
    /// gateway itself can be called from this machine alone.
    pub fn new(networks: Networks, loopback_for_test: bool) -> Guard {
        Guard { networks, loopback_for_test }
    }

    /// Judges an address by its spelling.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn judge(&self, text: &str, mode: Mode) -> Result<Url, UrlFault> {
        check_text(text)?;
        let authority = authority(text, mode)?;
        let url = Url::parse(text).map_err(|_| scheme_fault(mode))?;
        if url.fragment().is_some() {
            return Err(UrlFault::Fragment);
        }
        let host = url.host_str().ok_or_else(|| scheme_fault(mode))?;
        check_spelling(authority, host)?;
        check_port(url.port_or_known_default(), mode)?;
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => self.judge_number(address, mode)?,
            Err(_) => self.judge_name(host, mode)?,
        }
        Ok(url)
    }

    /// Whether a connection to this address may be opened.
    pub fn may_reach(&self, address: IpAddr, mode: Mode) -> bool {
        self.networks.may_reach(address, self.loopback(mode))
    }

    fn loopback(&self, mode: Mode) -> bool {
        self.loopback_for_test && mode == Mode::Test
    }

    /// A number is no way around the rules for names: it must have been opened on purpose.
    fn judge_number(&self, address: IpAddr, mode: Mode) -> Result<(), UrlFault> {
        let opened = self.networks.is_opened(address);
        if opened || (self.loopback(mode) && address.to_canonical().is_loopback()) {
            return Ok(());
        }
        if self.may_reach(address, mode) {
            Err(UrlFault::NumericHost)
        } else {
            Err(UrlFault::NotPublic)
        }
    }

    fn judge_name(&self, host: &str, mode: Mode) -> Result<(), UrlFault> {
        let within = |zone: &str| {
            host == zone || host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
        };
        if within("localhost") {
            return if self.loopback(mode) { Ok(()) } else { Err(UrlFault::NotPublic) };
        }
        let labels = || host.split('.');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
        if host.len() > 253 || !labels().all(label) {
            return Err(UrlFault::HostName);
        }
        // In a network that the operator opened, names are as private as its addresses; what they
        // resolve to is judged in any case.
        if self.networks.has_opened() {
            return Ok(());
        }
        // A single word would be completed with whatever the resolver appends here.
        if labels().count() < 2 {
            return Err(UrlFault::HostName);
        }
        if INSIDE.iter().any(|zone| within(zone)) { Err(UrlFault::NotPublic) } else { Ok(()) }
    }
}

const fn scheme_fault(mode: Mode) -> UrlFault {
    match mode {
        Mode::Live => UrlFault::Scheme,
        Mode::Test => UrlFault::TestScheme,
    }
}

fn check_text(text: &str) -> Result<(), UrlFault> {
    if text.len() > CHARS_MAX {
        return Err(UrlFault::TooLong);
    }
    // Parsers disagree about spaces, tabs, backslashes and foreign digits; none of them is needed.
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if text.bytes().all(plain) { Ok(()) } else { Err(UrlFault::Characters) }
}

/// What stands between the scheme and the path, as it was written.
fn authority(text: &str, mode: Mode) -> Result<&str, UrlFault> {
    let after = |scheme: &str| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let http = || (mode == Mode::Test).then(|| after("http://")).flatten();
    let rest = after("https://").or_else(http).ok_or(scheme_fault(mode))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlFault::UserInfo);
    }
    if authority.is_empty() { Err(scheme_fault(mode)) } else { Ok(authority) }
}

/// A parser reads 0x7f.1, 2130706433 and %31 as addresses too. Here the host must have been written
/// as it was read.
fn check_spelling(authority: &str, host: &str) -> Result<(), UrlFault> {
    let written = match authority.rfind(':') {
        Some(place) if !authority[place..].contains(']') => &authority[..place],
        _ => authority,
    };
    if host.ends_with('.') {
        return Err(UrlFault::HostName);
    }
    if written.eq_ignore_ascii_case(host) { Ok(()) } else { Err(UrlFault::NumericHost) }
}

fn check_port(port: Option<u16>, mode: Mode) -> Result<(), UrlFault> {
    match (port, mode) {
        (Some(443 | 1_024..), _) | (Some(80), Mode::Test) => Ok(()),
        (_, Mode::Live) => Err(UrlFault::Port),
        (_, Mode::Test) => Err(UrlFault::TestPort),
    }
}
