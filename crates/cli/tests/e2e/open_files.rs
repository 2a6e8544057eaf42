//! A low limit of open files.

use crate::harness::{Home, Server};
use std::process::Command;

/// The same command under a limit of open files.
fn with_few_files(command: &Command, files: u32) -> Command {
    let mut limited = Command::new("/bin/sh");
    limited
        .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_by_the_files_that_may_be_open() {
    let home = Home::sqlite();
    let server = Server::start(with_few_files(&home.command(&["serve"]), 256)).await;
    let lowered = |line: &String| line.contains("MAX_CONNECTIONS is lowered") && line.contains("140");
    assert!(server.out().iter().any(lowered), "{:#?}", server.out());
    assert_eq!(server.client().get("/health/ready").await.status, 200);
    server.stop().await;
    let report = with_few_files(&home.command(&["doctor"]), 256).output().unwrap();
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(
        report.contains("open files: the limit is 256; that is enough for 140 connections"),
        "{report}"
    );
    assert!(report.contains("lower MAX_CONNECTIONS to 140"), "{report}");
}
