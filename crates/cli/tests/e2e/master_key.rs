//! Another master key than the one that the database's secrets are sealed under.

use crate::harness::{ADMIN, Home};
use crate::on_both_engines;
use std::process::Command;

/// Keys of these tests alone.
const KEYS: [&str; 4] = [
    "t6Qd0mRzVYx3nPpK5cW1uJ8sBfHgLaEy2oDiTqXv9wM=",
    "Zk3vN8qLr1XwB7yTtG5mCj2pHs9aUdEo4fIiR6bKx0Q=",
    "hV2cM7xPz4LqJ9nWbR1tYg6sDk8fAuEo3iIiTqXv5wA=",
    "Qm8rT4yUi1oPa7sDf3gHj9kLz5xCv2bNn6mWqEeRt0s=",
];
const SECRET: &str = "b41c8f7e02d965a3e8f0174c2d9ba6538f21";

/// A command on the home's database with this key, and tokens that do not need it.
fn with_key(home: &Home, key: &str, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("MASTER_KEY", key).env("JWT_SECRET", SECRET);
    command
}

const CREATE_ADMIN: [&str; 7] = [
    "users",
    "create-admin",
    "--email",
    ADMIN.0,
    "--name",
    "Ada",
    "--password-stdin",
];

on_both_engines! {
    async fn another_master_key_is_refused_by_every_command_that_opens_the_application(home: Home) {
        let made = home.finish(&mut with_key(&home, KEYS[0], &CREATE_ADMIN), ADMIN.1);
        assert_eq!(made.exit, Some(0), "{made:?}");
        for arguments in [&["serve"][..], &CREATE_ADMIN, &["users", "list"], &["audit", "verify"], &["jobs", "list"]] {
            let refused = home.finish(&mut with_key(&home, KEYS[1], arguments), ADMIN.1);
            assert_eq!(refused.exit, Some(2), "{arguments:?}: {refused:?}");
            assert!(refused.err.contains("MASTER_KEY holds another master key than the one that the secrets in this database"), "{}", refused.err);
            assert!(!refused.err.contains(KEYS[1]), "{}", refused.err);
        }
        let doctor = home.finish(&mut with_key(&home, KEYS[1], &["doctor"]), "");
        assert_eq!(doctor.exit, Some(1), "{doctor:?}");
        assert!(doctor.out.contains("fail  start: MASTER_KEY holds another"), "{}", doctor.out);
        // A generated key is none of the database's either, and none is generated.
        let mut bare = home.command(&["serve"]);
        bare.env("JWT_SECRET", SECRET);
        let refused = home.finish(&mut bare, "");
        assert_eq!(refused.exit, Some(2), "{refused:?}");
        assert!(refused.err.contains("set MASTER_KEY, or put") && !home.path("data/master.key").exists(), "{}", refused.err);
        let good = home.finish(&mut with_key(&home, KEYS[0], &["doctor", "--json"]), "").json();
        assert_eq!(good["healthy"], true, "{good}");
    }

    async fn a_replaced_key_is_refused_once_everything_is_sealed_again(home: Home) {
        let made = home.finish(&mut with_key(&home, KEYS[0], &CREATE_ADMIN), ADMIN.1);
        assert_eq!(made.exit, Some(0), "{made:?}");
        let both = |arguments: &[&str]| {
            let mut command = with_key(&home, KEYS[1], arguments);
            command.env("MASTER_KEY_PREVIOUS", KEYS[0]);
            home.finish(&mut command, ADMIN.1)
        };
        assert_eq!(both(&["users", "list"]).exit, Some(0));
        // Killed at some instant, the run is continued by the next one.
        let mut command = with_key(&home, KEYS[1], &["keys", "reseal"]);
        command.env("MASTER_KEY_PREVIOUS", KEYS[0]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut killed = command.spawn().unwrap();
        let _ = killed.kill();
        killed.wait().unwrap();
        let resealed = both(&["keys", "reseal"]);
        assert_eq!(resealed.exit, Some(0), "{resealed:?}");
        assert!(resealed.out.contains("sessions.seed: 0 sealed again") && resealed.out.contains("can be removed"), "{resealed:?}");
        assert!(!resealed.out.contains(KEYS[0]) && !resealed.out.contains(KEYS[1]));
        assert_eq!(both(&["keys", "reseal"]).exit, Some(0), "again is no error");
        assert_eq!(home.finish(&mut with_key(&home, KEYS[1], &["users", "list"]), "").exit, Some(0));
        let verified = home.finish(&mut with_key(&home, KEYS[1], &["audit", "verify"]), "");
        assert_eq!(verified.exit, Some(0), "{verified:?}");
        let refused = home.finish(&mut with_key(&home, KEYS[0], &["users", "list"]), "");
        assert_eq!(refused.exit, Some(2), "{refused:?}");
    }

    async fn of_first_starts_at_once_with_different_keys_one_wins(home: Home) {
        home.run(&["migrate"]).success();
        let ran: Vec<_> = std::thread::scope(|all| {
            let racers = KEYS.map(|key| {
                let home = &home;
                all.spawn(move || home.finish(&mut with_key(home, key, &CREATE_ADMIN), ADMIN.1))
            });
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let exits: Vec<_> = ran.iter().map(|ran| ran.exit).collect();
        assert_eq!(exits.iter().filter(|exit| **exit == Some(0)).count(), 1, "{ran:?}");
        assert_eq!(exits.iter().filter(|exit| **exit == Some(2)).count(), 3, "{ran:?}");
        // And it stays the winner.
        for (key, exit) in KEYS.into_iter().zip(exits) {
            assert_eq!(home.finish(&mut with_key(&home, key, &["users", "list"]), "").exit, exit);
        }
    }

    async fn first_starts_at_once_without_a_key_agree_on_one(home: Home) {
        home.run(&["migrate"]).success();
        std::thread::scope(|all| {
            for _ in 0..4 {
                let mut command = home.command(&["keys", "rotate"]);
                all.spawn(move || {
                    let output = command.output().unwrap();
                    assert_eq!(output.status.code(), Some(0), "{output:?}");
                });
            }
        });
    }
}
