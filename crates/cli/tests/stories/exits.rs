//! What scripts rely on: exit codes, what stands where, and no colours but on a terminal.

use crate::harness::Home;

#[test]
fn a_slip_on_the_command_line_is_2() {
    let home = Home::sqlite();
    for arguments in [
        &["serv"][..],
        &["--nope"],
        &["--set", "novalue"],
        &["config", "--demo"],
        &["--demo", "config"],
        &["users"],
        &["users", "create-admin"],
        &["users", "create-admin", "--email", "nobody", "--password-stdin"],
        &["users", "list", "--limit", "0"],
        &["jobs", "list", "--state", "asleep"],
        &["jobs", "retry", "7"],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.exit, Some(2), "{arguments:?} {ran:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{arguments:?} {ran:?}");
        assert!(!home.path("data").exists(), "{arguments:?} did something");
    }
}

#[test]
fn a_database_that_is_away_is_3_and_named_in_a_sentence() {
    let home = Home::sqlite();
    // A port of this machine that nobody listens on: it was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/shop");
    for arguments in [
        &["serve"][..],
        &["migrate"],
        &["users", "list"],
        &["audit", "verify"],
    ] {
        let ran = home.run_in(&[("DATABASE_URL", &url), ("PORT", "0")], arguments);
        assert_eq!(ran.exit, Some(3), "{arguments:?} {ran:?}");
        let sentence = ran.err.trim_end();
        assert!(
            sentence.starts_with("mainstay: ") && !sentence.contains('\n'),
            "{sentence}"
        );
        assert!(sentence.contains("the database is unavailable"), "{sentence}");
        assert!(
            !ran.err.contains("hunter2") && !ran.out.contains("hunter2"),
            "{ran:?}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_2() {
    let home = Home::sqlite();
    std::fs::write(home.path("file"), "").unwrap();
    let ran = home.run_in(&[("DATA_DIR", "file/data"), ("PORT", "0")], &["serve"]);
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    assert!(ran.err.starts_with("mainstay: file/data: "), "{}", ran.err);
}

#[test]
fn a_port_that_is_taken_is_1_and_named() {
    let home = Home::sqlite();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = home.run(&["serve", "--port", &port]);
    assert_eq!(ran.exit, Some(1), "{ran:?}");
    assert!(
        ran.err
            .starts_with(&format!("mainstay: listening on 127.0.0.1:{port}: ")),
        "{}",
        ran.err
    );
    assert!(!ran.out.contains("listening"), "{}", ran.out);
}

#[test]
fn no_colours_without_a_terminal() {
    let home = Home::sqlite();
    for ran in [
        home.run(&["doctor"]),
        home.run(&["--help"]),
        home.run(&["--nope"]),
        home.run(&["--port", "x"]),
    ] {
        assert!(
            !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
            "{ran:?}"
        );
    }
}

#[test]
fn routes_and_the_document_need_no_settings_and_agree() {
    let home = Home::sqlite();
    let broken = [("PORT", "many")];
    let routes = home.run_in(&broken, &["routes", "--json"]).json();
    let document = home.run_in(&broken, &["openapi"]).json();
    let routes = routes.as_array().unwrap();
    assert!(
        routes
            .iter()
            .any(|route| route["path"] == "/api/orders" && route["useCase"] == "order.place")
    );
    for route in routes {
        let method = route["method"].as_str().unwrap().to_lowercase();
        let operation = &document["paths"][route["path"].as_str().unwrap()][&method];
        assert_eq!(operation["operationId"], route["useCase"], "{route}");
    }
    let table = home.run_in(&broken, &["routes"]).good();
    assert_eq!(table.lines().count(), routes.len() + 1);
    assert!(table.starts_with("DOOR"), "{table}");
}
