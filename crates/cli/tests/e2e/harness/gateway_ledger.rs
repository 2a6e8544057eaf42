//! The ledger file of the test gateway.

use super::home::Home;
use super::shop::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// The operations on one payment in their order, and its amount in minor units.
#[derive(Debug, Default)]
pub(crate) struct PaymentEntries {
    pub(crate) operations: Vec<String>,
    pub(crate) amount: i64,
}

impl PaymentEntries {
    /// Whether the money was collected, even if it was refunded later.
    pub(crate) fn was_collected(&self) -> bool {
        self.operations.iter().any(|operation| operation == "collected")
    }

    /// Whether the gateway still has the money.
    pub(crate) fn is_kept(&self) -> bool {
        self.operations
            .last()
            .is_some_and(|operation| operation == "collected")
    }
}

/// The entries of the ledger, by payment.
pub(crate) fn gateway_ledger(home: &Home) -> BTreeMap<String, PaymentEntries> {
    let mut ledger: BTreeMap<String, PaymentEntries> = BTreeMap::new();
    for line in fs::read_to_string(home.path("data/test-gateway.jsonl"))
        .unwrap()
        .lines()
    {
        let line: Value = serde_json::from_str(line).unwrap();
        let entries = ledger.entry(text(&line["payment"])).or_default();
        entries.operations.push(text(&line["entry"]));
        entries.amount = line["amount"].as_i64().unwrap();
    }
    ledger
}
