//! Tests of JSON bodies.

use super::*;

/// All findings in a body: `path CODE`, or the code alone when it is not JSON.
fn findings(text: &str) -> Vec<String> {
    match body::parse::<Basket>(text.as_bytes()) {
        Ok(_) => vec![],
        Err(api_error) if api_error.public().details.is_empty() => vec![api_error.code().as_str().to_owned()],
        Err(api_error) => api_error
            .public()
            .details
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect(),
    }
}

#[test]
fn what_is_no_json_is_unreadable() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for bad in [
        "",
        "  ",
        "{",
        "{\"items\":[]",
        "{items:[]}",
        "{\"items\":[]} x",
        "\u{feff}{}",
        "{\"note\":\"\u{1}\"}",
        &deep,
    ] {
        assert_eq!(findings(bad), ["BAD_REQUEST"], "{bad}");
    }
    assert!(body::parse::<Basket>(b"{\"note\":\"\xff\"}").is_err());
}

#[test]
fn every_finding_names_its_field() {
    for (text, errors) in [
        (r#"{"items":[]}"#, &[][..]),
        (r"{}", &["items REQUIRED"]),
        (r"[]", &[" TYPE"]),
        (r#"[[], null, null]"#, &[" TYPE"]),
        (r#"{"items":[["p",1,{"amount":1}]]}"#, &["items[0] TYPE"]),
        (r"7", &[" TYPE"]),
        (r#"{"items":{}}"#, &["items TYPE"]),
        (
            r#"{"items":[],"nite":"x","noote":1}"#,
            &["nite UNKNOWN_FIELD", "noote UNKNOWN_FIELD"],
        ),
        (r#"{"items":[],"note":7}"#, &["note TYPE"]),
        (r#"{"items":[],"kind":"loan"}"#, &["kind FORMAT"]),
        (r#"{"items":[],"items":[]}"#, &["items DUPLICATE"]),
        (
            r#"{"items":[{"productId":1,"quantity":-1,"price":{}},{"quantity":1.5,"price":{"amount":1e3,"x":1}}],"kind":1}"#,
            &[
                "items[0].productId TYPE",
                "items[0].quantity RANGE",
                "items[0].price.amount REQUIRED",
                "items[1].quantity TYPE",
                "items[1].price.amount TYPE",
                "items[1].price.x UNKNOWN_FIELD",
                "items[1].productId REQUIRED",
                "kind TYPE",
            ],
        ),
        (
            r#"{"items":[{}]}"#,
            &[
                "items[0].productId REQUIRED",
                "items[0].quantity REQUIRED",
                "items[0].price REQUIRED",
            ],
        ),
    ] {
        let (mut found, mut errors) = (findings(text), errors.to_vec());
        found.sort_unstable();
        errors.sort_unstable();
        assert_eq!(found, errors, "{text}");
    }
}

#[test]
fn a_long_document_reports_its_first_finding_without_building_a_tree() {
    // serde_json would not build a tree of values nested this deeply; only skipped values may be.
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let long = " ".repeat(64 * 1024);
    assert_eq!(
        findings(&format!(r#"{{"nite":{deep},"note":7,{long}"items":[]}}"#)),
        ["nite UNKNOWN_FIELD"]
    );
    assert_eq!(
        findings(&format!(r#"{{"note":7,{long}"items":[]"#)),
        ["BAD_REQUEST"]
    );
    let name = "n".repeat(64 * 1024);
    let Err(api_error) = body::parse::<Basket>(format!(r#"{{"{name}":7}}"#).as_bytes()) else {
        panic!()
    };
    assert!(api_error.public().details[0].path.len() < 400);
}

#[test]
fn no_message_names_a_rust_type() {
    let Err(api_error) = body::parse::<Basket>(br#"{"items":[7,{"quantity":"x"}],"kind":"loan"}"#) else {
        panic!()
    };
    let public = api_error.public();
    let messages: Vec<&str> = public.details.iter().map(|fault| &*fault.message).collect();
    assert_eq!(messages[0], "must be an object");
    assert!(messages.contains(&"must be one of gift, own"), "{messages:?}");
    assert!(
        messages.contains(&"must be a whole number in range"),
        "{messages:?}"
    );
}
