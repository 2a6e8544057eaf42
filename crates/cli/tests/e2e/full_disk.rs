//! A full disk: writes fail with a clear error, reads continue, and writes continue once there is space again.

use crate::harness::{Answer, Home, Server, Shop, order, text, until};
use crate::is_ci;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The command of a server whose data folder is a tmpfs of 24 MiB that only the server sees. `None`, reported as a
/// skipped test, where the system does not allow that.
fn on_a_small_disk(home: &Home) -> Option<Command> {
    const SCRIPT: &str = "mount -t tmpfs -o size=24m tmpfs \"$0\" && cd \"$0\" && exec \"$@\"";
    let unshare = |script: &str, rest: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(home.path("data"))
            .args(rest);
        command
    };
    std::fs::create_dir(home.path("data")).unwrap();
    let tried = unshare(SCRIPT, &["true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        let why = "this system does not let a process mount a file system (unshare, tmpfs)";
        is_ci::skip("a full disk", &why);
        return None;
    }
    let mut command = unshare(SCRIPT, &[env!("CARGO_BIN_EXE_mainstay"), "serve"]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("DATA_DIR", home.path("data"))
        .env("PORT", "0")
        .env("RATE_LIMITS", "off");
    Some(command)
}

/// Writes until the disk is full to the last page.
fn fill(path: &Path) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
}

fn is_unavailable(answer: &Answer) -> bool {
    answer.status == 503 && answer.code() == "UNAVAILABLE"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_rejects_writes_and_loses_nothing() {
    let home = Home::sqlite();
    let Some(command) = on_a_small_disk(&home) else {
        return;
    };
    let mut server = Server::start(command).await;
    let link = server.line("create the first administrator: ").await;
    let shop = Shop::claim(&server, &link).await;
    let (product, ann) = (shop.add("MUG", 1_000_000).await, shop.customer("ann").await);
    // The server's file system, accessed through its `/proc` entry.
    let disk = format!("/proc/{}/root{}", server.pid(), home.path("data").display());
    let filler = Path::new(&disk).join("filler");
    File::create(&filler).expect("the server's file system is accessible");

    let mut acknowledged = Vec::new();
    fill(&filler);
    // Writes into space already allocated to the log succeed first; a checkpoint may free some space, too.
    let failed = loop {
        let answer = order(&ann, &product, 1, &format!("k{}", acknowledged.len()))
            .await
            .unwrap();
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(text(&answer.data(201)["id"]));
        assert!(acknowledged.len() < 20_000, "the disk is not full");
        if acknowledged.len() % 50 == 0 {
            fill(&filler);
        }
    };
    assert!(is_unavailable(&failed), "{failed:?}");
    assert_eq!(
        ann.get(&format!("/api/products/{product}")).await.status,
        200,
        "reads continue"
    );
    assert_eq!(ann.get("/health/live").await.status, 200);
    // A refusal makes room: what the log holds is brought into the file. That is filled, too, until nothing is left.
    let mut requests = 0;
    while ann.get("/health/ready").await.status != 503 {
        fill(&filler);
        let key = format!("k{}", acknowledged.len());
        let answer = order(&ann, &product, 1, &key).await.unwrap();
        match answer.status {
            201 => acknowledged.push(text(&answer.data(201)["id"])),
            _ => assert!(is_unavailable(&answer), "{answer:?}"),
        }
        requests += 1;
        assert!(requests < 20_000, "it is ready although nothing can be written");
    }

    std::fs::remove_file(&filler).unwrap();
    let key = format!("k{}", acknowledged.len());
    let after = until("writes continue", Duration::from_secs(30), || async {
        let answer = order(&ann, &product, 1, &key).await.unwrap();
        assert!(answer.status == 201 || is_unavailable(&answer), "{answer:?}");
        (answer.status == 201).then_some(answer)
    })
    .await;
    acknowledged.push(text(&after.data(201)["id"]));
    until("it is ready again", Duration::from_secs(30), || async {
        (ann.get("/health/ready").await.status == 200).then_some(())
    })
    .await;
    let mut found: Vec<String> = shop
        .orders()
        .await
        .iter()
        .map(|order| text(&order["id"]))
        .collect();
    found.sort();
    acknowledged.sort();
    assert_eq!(found, acknowledged);
    assert_eq!(
        shop.stock(&product).await + i64::try_from(acknowledged.len()).unwrap(),
        1_000_000
    );
    server.stop().await;
}
