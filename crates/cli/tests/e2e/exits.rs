//! The contract with scripts: exit codes, the use of stdout and stderr, and no colours without a terminal.

use crate::harness::Home;

#[test]
fn invalid_arguments_exit_with_2() {
    let home = Home::sqlite();
    for arguments in [
        &["serv"][..],
        &["--nope"],
        &["--set", "novalue"],
        &["config", "--demo"],
        &["--demo", "config"],
        &["users"],
        &["users", "create-admin"],
        &[
            "users",
            "create-admin",
            "--email",
            "no-address",
            "--password-stdin",
        ],
        &["users", "list", "--limit", "0"],
        &["jobs", "list", "--state", "asleep"],
        &["jobs", "retry", "7"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.exit, Some(2), "{arguments:?} {output:?}");
        assert!(
            output.out.is_empty() && !output.err.is_empty(),
            "{arguments:?} {output:?}"
        );
        assert!(!home.path("data").exists(), "{arguments:?} did something");
    }
}

#[test]
fn an_unavailable_database_exits_with_3_and_a_message() {
    let home = Home::sqlite();
    // A port of this machine that was free a moment ago, so nothing listens on it.
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
        let output = home.run_with_env(&[("DATABASE_URL", &url), ("PORT", "0")], arguments);
        assert_eq!(output.exit, Some(3), "{arguments:?} {output:?}");
        let message = output.err.trim_end();
        assert!(
            message.starts_with("mainstay: ") && !message.contains('\n'),
            "{message}"
        );
        assert!(message.contains("the database is unavailable"), "{message}");
        assert!(
            !output.err.contains("hunter2") && !output.out.contains("hunter2"),
            "{output:?}"
        );
    }
}

#[test]
fn a_data_folder_that_cannot_be_created_exits_with_2() {
    let home = Home::sqlite();
    std::fs::write(home.path("file"), "").unwrap();
    let output = home.run_with_env(&[("DATA_DIR", "file/data"), ("PORT", "0")], &["serve"]);
    assert_eq!(output.exit, Some(2), "{output:?}");
    assert!(output.err.starts_with("mainstay: file/data: "), "{}", output.err);
}

#[test]
fn a_port_in_use_exits_with_1_and_is_named() {
    let home = Home::sqlite();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = home.run(&["serve", "--port", &port]);
    assert_eq!(output.exit, Some(1), "{output:?}");
    assert!(
        output
            .err
            .starts_with(&format!("mainstay: listening on 127.0.0.1:{port}: ")),
        "{}",
        output.err
    );
    assert!(!output.out.contains("listening"), "{}", output.out);
}

#[test]
fn no_colours_without_a_terminal() {
    let home = Home::sqlite();
    for output in [
        home.run(&["doctor"]),
        home.run(&["--help"]),
        home.run(&["--nope"]),
        home.run(&["--port", "x"]),
    ] {
        assert!(
            !output.out.contains('\u{1b}') && !output.err.contains('\u{1b}'),
            "{output:?}"
        );
    }
}

#[test]
fn routes_and_openapi_need_no_settings_and_agree() {
    let home = Home::sqlite();
    let broken = [("PORT", "many")];
    let routes = home.run_with_env(&broken, &["routes", "--json"]).json();
    let document = home.run_with_env(&broken, &["openapi"]).json();
    let routes = routes.as_array().unwrap();
    assert!(
        routes
            .iter()
            .any(|route| route["path"] == "/api/orders" && route["useCase"] == "order.place")
    );
    for route in routes {
        let method = route["method"].as_str().unwrap().to_lowercase();
        let operation = &document["paths"][route["path"].as_str().unwrap()][&method];
        let expected = match route["documented"] == true {
            true => &route["useCase"],
            false => &serde_json::Value::Null,
        };
        assert_eq!(&operation["operationId"], expected, "{route}");
    }
    let table = home.run_with_env(&broken, &["routes"]).success();
    assert_eq!(table.lines().count(), routes.len() + 1);
    assert!(table.starts_with("INTERFACE"), "{table}");
}
