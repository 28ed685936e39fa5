//! What is taken as JSON and what is not, and that equal requests have equal fingerprints.

use super::*;
use crate::problem::Faults;
use domain::id::Fingerprint;

fn refused(text: &[u8]) -> (&'static str, String) {
    let problem = Node::read(text).unwrap_err();
    (problem.code(), problem.detail().to_owned())
}

#[test]
fn what_is_no_json_is_refused_with_its_place_and_without_its_words() {
    let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", b"".to_vec(), "invalid_json"),
        ("spaces", b"  \n ".to_vec(), "invalid_json"),
        ("cut off", br#"{"amount": "12"#.to_vec(), "invalid_json"),
        ("no quotes", br#"{amount: SECRETWORD}"#.to_vec(), "invalid_json"),
        ("single quotes", br#"{'amount': 'SECRETWORD'}"#.to_vec(), "invalid_json"),
        ("trailing comma", br#"{"amount": "1",}"#.to_vec(), "invalid_json"),
        ("comment", b"{} // SECRETWORD".to_vec(), "invalid_json"),
        ("two texts", b"{} {}".to_vec(), "invalid_json"),
        ("NaN", br#"{"amount": NaN}"#.to_vec(), "invalid_json"),
        ("half a surrogate", br#"{"name": "\ud800 SECRETWORD"}"#.to_vec(), "invalid_json"),
        ("raw control character", b"{\"name\": \"a\nSECRETWORD\"}".to_vec(), "invalid_json"),
        ("number without end", br#"{"n": 1e999}"#.to_vec(), "invalid_json"),
        ("leading zero", br#"{"n": 01}"#.to_vec(), "invalid_json"),
        ("byte order mark", b"\xef\xbb\xbf{}".to_vec(), "invalid_json"),
        ("UTF-16", b"{\0}\0".to_vec(), "invalid_json"),
        ("Latin-1", b"{\"name\": \"Z\xf6e SECRETWORD\"}".to_vec(), "invalid_json"),
        ("33 levels", deep(33), "too_deep"),
        ("a bomb", deep(30_000), "too_deep"),
    ];
    for (what, text, code) in table {
        let (found, detail) = refused(&text);
        assert_eq!(found, code, "{what}");
        assert!(!detail.contains("SECRETWORD"), "{what}: {detail}");
    }
    assert!(Node::read(&deep(32)).is_ok());
    assert_eq!(refused(b"{\n  \"a\": x}").1, "this is no JSON at line 2, column 8");
}

#[test]
fn a_field_that_comes_twice_is_named() {
    let table: [(&[u8], &str); 4] = [
        (br#"{"amount":"1","amount":"1"}"#, "amount"),
        (br#"{"recipient":{"iban":"A","name":"x","iban":"B"}}"#, "recipient.iban"),
        (br#"{"\u0061mount":"1","amount":"2"}"#, "amount"),
        (br#"{"a":[{"b":1,"b":1}]}"#, "a.b"),
    ];
    for (text, field) in table {
        let problem = Node::read(text).unwrap_err();
        assert_eq!((problem.code(), problem.field()), ("duplicate_field", Some(field)));
    }
}

#[test]
fn the_canonical_form_is_pinned() {
    let text =
        br#" { "b" : [1, 2.50, -3, null, true] , "a\u0062" : {"z":"\u00e9\n\"", "y":false} } "#;
    let mut canonical = Vec::new();
    Node::read(text).unwrap().write_canonical(&mut canonical);
    let pinned = "{\"ab\":{\"y\":false,\"z\":\"é\\n\\\"\"},\"b\":[1,2.5,-3,null,true]}";
    assert_eq!(String::from_utf8(canonical).unwrap(), pinned);
    assert_eq!(Node::read(text).unwrap().fingerprint(), Fingerprint::of(pinned.as_bytes()));
}

#[test]
fn equal_requests_have_equal_fingerprints_and_others_do_not() {
    let of = |text: &str| Node::read(text.as_bytes()).unwrap().fingerprint();
    let base = of(r#"{"amount":"1.00","metadata":{"a":"1","b":"2"}}"#);
    assert_eq!(
        base,
        of("{\n \"metadata\": {\"b\":\"2\",\"a\":\"1\"}, \"amount\": \"1.\\u00300\"}")
    );
    for other in [
        r#"{"amount":"1.0","metadata":{"a":"1","b":"2"}}"#,
        r#"{"amount":"1.00","metadata":{"a":"1","b":"2"},"autoprocess":true}"#,
        r#"{"amount":"1.00","metadata":{"a":"2","b":"1"}}"#,
        r#"{"amount":1.00,"metadata":{"a":"1","b":"2"}}"#,
    ] {
        assert_ne!(base, of(other), "{other}");
    }
}

#[test]
fn fields_are_read_once_and_what_nobody_asked_for_is_refused() {
    let text =
        br#"{"name":"x","flag":1,"n":7,"far":99,"in":{"a":"1","zz":null},"none":null,"odd":{}}"#;
    let node = Node::read(text).unwrap();
    let mut faults = Faults::default();
    let mut fields = Fields::of_body(&node, &mut faults).unwrap();
    assert_eq!(fields.required_text("name", "a string", &mut faults), Some("x"));
    assert_eq!(fields.flag("flag", &mut faults), None);
    assert_eq!(fields.whole_number("n", 1..=9, "invalid_n", &mut faults), Some(7));
    assert_eq!(fields.whole_number("far", 1..=9, "invalid_far", &mut faults), None);
    assert_eq!(fields.text("none", "a string", &mut faults), None);
    assert_eq!(fields.required_text("missing", "a string", &mut faults), None);
    let mut within = fields.object("in", &mut faults).unwrap();
    assert_eq!(within.text("a", "a string", &mut faults), Some("1"));
    within.finish(&mut faults);
    fields.finish(&mut faults);
    let found: Vec<(String, &str)> =
        faults.into_vec().into_iter().map(|one| (one.field, one.code)).collect();
    let expected = [
        ("flag", "invalid_type"),
        ("far", "invalid_far"),
        ("missing", "required"),
        ("in.zz", "unknown_field"),
        ("odd", "unknown_field"),
    ];
    assert_eq!(found, expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn strange_names_are_shown_harmlessly() {
    assert_eq!(shown_name("iban"), "iban");
    assert_eq!(shown_name("a\nb c"), "a?b?c…");
    assert_eq!(shown_name(&"x".repeat(99)).chars().count(), 65);
}
