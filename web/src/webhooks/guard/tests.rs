//! A corpus of hostile addresses, each refused; beside it the good ones, so that the guard cannot
//! pass by refusing everything.

use super::*;
use UrlFault::*;

fn public() -> Guard {
    Guard::new(Networks::new(Vec::new()), false)
}

#[test]
fn hostile_addresses_are_refused_in_both_modes() {
    #[rustfmt::skip]
    let corpus = [
        // Schemes.
        "ftp://example.com/", "file:///etc/passwd", "gopher://example.com:70/_x", "javascript:alert(1)",
        "data:text/plain,x", "ws://example.com/", "unix:///var/run/docker.sock", "https:example.com",
        "https:/example.com", "https:///example.com", "//example.com/", "example.com", "", "https://",
        "https://?x", "https://#x", "https:///", "dict://example.com:11211/", "http+unix://%2fvar/x",
        // IPv4 in every spelling.
        "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://0.0.0.0/",
        "https://127.0.0.1./", "https://00000177.1/", "https://127.0x0.0.1/", "https://8.8.8.8/",
        "https://134744072/", "https://10.0.0.1/", "https://192.168.1.1:8443/", "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data/", "https://0xA9FEA9FE/", "https://2852039166/",
        "https://100.64.0.1/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
        "https://1.2.3.4.5/", "https://256.256.256.256/", "https://99999999999/", "https://0x/",
        "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/", "https://１２７.0.0.1/", "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        // IPv6.
        "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:0:0:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fc00::1]/", "https://[fec0::1]/",
        "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[2002:7f00:1::]/", "https://[2606:4700::1111]/",
        "https://[::1]:8443/", "https://::1/", "https://[::1/",
        // Names of this machine and of inner networks.
        "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://localhost.:8443/",
        "https://app.localhost/", "https://printer.local/", "https://metadata.google.internal/",
        "https://vault.internal/", "https://intranet/", "https://wiki.corp/", "https://router.lan/",
        "https://nas.home/", "https://x.home.arpa/", "https://x.test/", "https://1.0.0.127.in-addr.arpa/",
        "https://a.localdomain/", "https://kubernetes.default.svc.cluster.local/", "https://expyuzz.onion/",
        "https://shop.example.com./hook", "https://shop..example.com/", "https://.example.com/",
        "https://ex%61mple.com/", "https://ex\u{ad}ample.com/", "https://exämple.com/",
        // What stands around the host.
        "https://user@shop.example.com/", "https://user:pass@shop.example.com/", "https://@shop.example.com/",
        "https://shop.example.com@127.0.0.1/", "https://127.0.0.1\\@shop.example.com/",
        "https://shop.example.com\\@127.0.0.1/", "https://shop.example.com#@127.0.0.1/",
        "https://shop.example.com/#x", "https://shop.example.com/hook#", "https://shop.example.com:22/",
        "https://shop.example.com:25/", "https://shop.example.com:0/", "https://shop.example.com:1023/",
        "https://shop.example.com:65536/", "https://shop.example.com:-1/", "https://shop.example.com:x/",
        " https://shop.example.com/", "https://shop.example.com/ x", "https://shop.ex\tample.com/",
        "https://shop.example.com/\r\nHost: evil", "https://shop.example.com\n.evil.com/", "\u{0}https://x.com/",
    ];
    assert!(corpus.len() > 60);
    for text in corpus {
        for mode in [Mode::Live, Mode::Test] {
            assert!(public().judge(text, mode).is_err(), "{text} {mode:?}");
        }
    }
    let long = format!("https://shop.example.com/{}", "x".repeat(CHARS_MAX));
    assert_eq!(public().judge(&long, Mode::Live).unwrap_err(), TooLong);
}

#[test]
fn good_addresses_are_taken_and_each_rule_names_itself() {
    #[rustfmt::skip]
    let table = [
        ("https://shop.example.com/hook", Ok(()), Ok(())),
        ("https://shop.example.com", Ok(()), Ok(())),
        ("HTTPS://Shop.Example.com:443/hook?a=b&c=%20", Ok(()), Ok(())),
        ("https://shop.example.com:8443/", Ok(()), Ok(())),
        ("https://xn--bcher-kva.example.com/@me", Ok(()), Ok(())),
        ("https://my_shop.example.com/a/../b", Ok(()), Ok(())),
        ("https://internal.example.com/", Ok(()), Ok(())),
        ("https://notlocalhost.com/", Ok(()), Ok(())),
        ("http://shop.example.com/hook", Err(Scheme), Ok(())),
        ("http://shop.example.com:8080/hook", Err(Scheme), Ok(())),
        ("https://shop.example.com:80/hook", Err(Port), Ok(())),
        ("https://shop.example.com:81/hook", Err(Port), Err(TestPort)),
        ("ftp://shop.example.com/hook", Err(Scheme), Err(TestScheme)),
        ("https://me@shop.example.com/hook", Err(UserInfo), Err(UserInfo)),
        ("https://shop.example.com/hook#x", Err(Fragment), Err(Fragment)),
        ("https://8.8.8.8/hook", Err(NumericHost), Err(NumericHost)),
        ("https://134744072/hook", Err(NumericHost), Err(NumericHost)),
        ("https://[2606:4700::1111]/hook", Err(NumericHost), Err(NumericHost)),
        ("https://127.0.0.1/hook", Err(NotPublic), Err(NotPublic)),
        ("https://localhost/hook", Err(NotPublic), Err(NotPublic)),
        ("https://shop/hook", Err(HostName), Err(HostName)),
    ];
    for (text, live, test) in table {
        assert_eq!(public().judge(text, Mode::Live).map(drop), live, "{text}");
        assert_eq!(public().judge(text, Mode::Test).map(drop), test, "{text}");
    }
}

#[test]
fn this_machine_is_open_to_test_mode_only_and_only_on_request() {
    let guard = Guard::new(Networks::new(Vec::new()), true);
    let loopback = [
        "http://127.0.0.1:9000/hook",
        "http://127.8.8.8:9000/hook",
        "http://[::1]:9000/hook",
        "http://localhost:9000/hook",
        "https://localhost:9000/hook",
    ];
    for text in loopback {
        assert!(guard.judge(text, Mode::Test).is_ok(), "{text}");
        assert!(guard.judge(text, Mode::Live).is_err(), "{text}");
        assert!(guard.judge(&text.replace("http:", "https:"), Mode::Live).is_err(), "{text}");
        assert!(public().judge(text, Mode::Test).is_err(), "{text}");
    }
    for text in [
        "http://2130706433:9000/",
        "http://10.0.0.1:9000/",
        "http://0.0.0.0:9000/",
        "http://x.local/",
    ] {
        assert!(guard.judge(text, Mode::Test).is_err(), "{text}");
    }
    assert!(guard.may_reach("127.0.0.1".parse().unwrap(), Mode::Test));
    assert!(!guard.may_reach("127.0.0.1".parse().unwrap(), Mode::Live));
}

#[test]
fn an_opened_network_is_reached_by_number_and_by_inner_name() {
    let guard = Guard::new(Networks::new(vec!["10.1.0.0/16".parse().unwrap()]), false);
    for text in ["https://10.1.2.3/", "https://billing.internal/", "https://receiver:9000/"] {
        assert!(guard.judge(text, Mode::Live).is_ok(), "{text}");
    }
    for text in
        ["https://10.2.0.1/", "https://localhost/", "https://127.0.0.1/", "http://10.1.2.3/"]
    {
        assert!(guard.judge(text, Mode::Live).is_err(), "{text}");
    }
}
