//! What each signal does, and log files that another program renames.

use crate::harness::{Home, Server, until};
use std::path::Path;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

async fn with_logs(home: &Home) -> Server {
    let mut command = home.command(&["serve"]);
    command.env("LOG_DIR", "logs");
    Server::start(command).await
}

fn holds(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|all| all.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_renamed_is_made_anew_without_a_signal() {
    let home = Home::sqlite();
    let server = with_logs(&home).await;
    let (log, renamed) = (home.path("logs/combined.log"), home.path("logs/combined.log.1"));
    std::fs::rename(&log, &renamed).unwrap();
    assert_eq!(server.client().get("/health?after=renaming").await.status, 200);
    until("the new file has the next line", DEADLINE, || async {
        holds(&log, "\"path\":\"/health\"").then_some(())
    })
    .await;
    std::fs::remove_file(&log).unwrap();
    assert_eq!(server.client().get("/health/live").await.status, 200);
    until("a removed file is made anew, too", DEADLINE, || async {
        holds(&log, "\"path\":\"/health/live\"").then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_and_sigusr1_open_the_logs_again_and_end_nothing() {
    let home = Home::sqlite();
    let server = with_logs(&home).await;
    for (signal, number) in [("HUP", 1), ("USR1", 2)] {
        for log in ["combined.log", "error.log"] {
            let path = home.path("logs").join(log);
            std::fs::rename(&path, home.path("logs").join(format!("{log}.{number}"))).unwrap();
        }
        server.signal(signal);
        until("both files are there again", DEADLINE, || async {
            let both = ["logs/combined.log", "logs/error.log"].map(|log| home.path(log).exists());
            (both == [true, true]).then_some(())
        })
        .await;
        assert_eq!(server.client().get("/health/ready").await.status, 200, "{signal}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_ask_for_no_end_are_harmless_without_log_files() {
    let home = Home::sqlite();
    let server = home.serve().await;
    for (signal, word) in [
        ("HUP", "SIGHUP"),
        ("USR1", "SIGUSR1"),
        ("USR2", "SIGUSR2"),
        ("PIPE", ""),
    ] {
        server.signal(signal);
        until(word, DEADLINE, || async {
            server.out().iter().any(|line| line.contains(word)).then_some(())
        })
        .await;
        assert_eq!(server.client().get("/health/ready").await.status, 200, "{signal}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigquit_finishes_what_was_begun_like_sigterm() {
    let home = Home::sqlite();
    let server = home.serve().await;
    server.signal("QUIT");
    let (status, out, err) = server.exited().await;
    assert_eq!(status.code(), Some(0), "{err:?}");
    assert!(out.last().unwrap().contains("stopped"), "{out:#?}");
}
