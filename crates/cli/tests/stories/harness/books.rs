//! What the test gateway did, as it wrote it down.

use super::home::Home;
use super::shop::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// What was done for one payment, in the order it was done, and for how much.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) deeds: Vec<String>,
    pub(crate) amount: i64,
}

impl Account {
    /// Whether the money came in, wherever it is now.
    pub(crate) fn was_collected(&self) -> bool {
        self.deeds.iter().any(|deed| deed == "collected")
    }

    /// Whether the gateway still has the money.
    pub(crate) fn is_kept(&self) -> bool {
        self.deeds.last().is_some_and(|deed| deed == "collected")
    }
}

/// The books of the gateway, by payment.
pub(crate) fn books(home: &Home) -> BTreeMap<String, Account> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    for line in fs::read_to_string(home.path("data/test-gateway.jsonl"))
        .unwrap()
        .lines()
    {
        let line: Value = serde_json::from_str(line).unwrap();
        let account = accounts.entry(text(&line["payment"])).or_default();
        account.deeds.push(text(&line["deed"]));
        account.amount = line["amount"].as_i64().unwrap();
    }
    accounts
}
