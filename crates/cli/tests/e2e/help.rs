//! The output of `--help`, as snapshots, because users and scripts rely on it.

use crate::harness::Home;

fn help(arguments: &[&str]) -> String {
    let home = Home::sqlite();
    let arguments = [arguments, &["--help"]].concat();
    home.run_with_env(&[], &arguments).success()
}

macro_rules! snapshots {
    ($($name:ident: [$($word:literal),*];)*) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(help(&[$($word),*]));
        }
    )* };
}

snapshots! {
    mainstay: [];
    serve: ["serve"];
    migrate: ["migrate"];
    config: ["config"];
    doctor: ["doctor"];
    routes: ["routes"];
    openapi: ["openapi"];
    users: ["users"];
    users_create_admin: ["users", "create-admin"];
    users_invite: ["users", "invite"];
    users_list: ["users", "list"];
    access: ["access"];
    access_explain: ["access", "explain"];
    keys: ["keys"];
    keys_list: ["keys", "list"];
    keys_reseal: ["keys", "reseal"];
    keys_rotate: ["keys", "rotate"];
    audit: ["audit"];
    audit_verify: ["audit", "verify"];
    audit_accept: ["audit", "accept"];
    jobs: ["jobs"];
    jobs_list: ["jobs", "list"];
    jobs_retry: ["jobs", "retry"];
    mail: ["mail"];
    mail_preview: ["mail", "preview"];
}

#[test]
fn every_command_has_its_snapshot() {
    // A line of the list of commands: two spaces, a name, more spaces.
    let commands = |text: &str| -> Vec<String> {
        let list = text.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let lines = list
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| !line.starts_with("   "));
        lines
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect()
    };
    let snapshots = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/snapshots")).unwrap();
    let snapshots: Vec<String> = snapshots
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let has = |name: &str| {
        snapshots
            .iter()
            .any(|file| file == &format!("e2e__help__{name}.snap"))
    };
    for command in commands(&help(&[])) {
        assert!(has(&command), "no snapshot of {command}");
        for subcommand in commands(&help(&[&command])) {
            let name = format!("{command}_{}", subcommand.replace('-', "_"));
            assert!(has(&name), "no snapshot of {command} {subcommand}");
        }
    }
}

#[test]
fn prints_the_version() {
    let home = Home::sqlite();
    assert_eq!(
        home.run_with_env(&[], &["--version"]).success(),
        format!("mainstay {}\n", env!("CARGO_PKG_VERSION"))
    );
}
