//! The persistent record of the test gateway: a file with one line of JSON for each operation.

use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_platform::files;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

/// The result of an operation on a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LedgerEntry {
    /// The gateway collected the payment.
    Collected,
    /// The gateway refused the payment, and will never collect it.
    Refused,
    /// The payment was cancelled before it was collected, and the gateway will never collect it.
    Voided,
    /// The gateway refunded the collected payment.
    Repaid,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    entry: LedgerEntry,
    payment: PaymentId,
    amount: i64,
    currency: String,
}

/// The file, and the entries read from it so far. Processes that share the file lock it.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    read: u64,
    last: HashMap<PaymentId, LedgerEntry>,
}

impl Ledger {
    /// A ledger in a file, which the first entry creates.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: 0,
            last: HashMap::new(),
        }
    }

    /// Passes the payment's last entry to `decide`, appends the entry that it returns, if any, and returns the
    /// payment's last entry after that. Holds the file lock, so that no other process writes in between.
    pub(super) fn append(
        &mut self,
        payment: PaymentId,
        amount: Money,
        decide: impl FnOnce(Option<LedgerEntry>) -> Option<LedgerEntry>,
    ) -> io::Result<Option<LedgerEntry>> {
        let mut file = self.open()?;
        // Released when the file is closed, also by kill -9.
        file.lock()?;
        self.catch_up(&mut file)?;
        let before = self.last.get(&payment).copied();
        let Some(entry) = decide(before) else {
            return Ok(before);
        };
        let line = Line {
            entry,
            payment,
            amount: amount.amount,
            currency: amount.currency.code().to_owned(),
        };
        let mut line = serde_json::to_string(&line)?;
        line.push('\n');
        // Discards an incomplete line of a process that crashed or ran out of disk space.
        file.set_len(self.read)?;
        file.write_all(line.as_bytes())?;
        self.read += line.len() as u64;
        self.last.insert(payment, entry);
        Ok(Some(entry))
    }

    fn open(&self) -> io::Result<File> {
        files::make_dir(files::folder_of(&self.path))?;
        files::open_append(&self.path)
    }

    /// Reads the entries that other processes appended.
    fn catch_up(&mut self, file: &mut File) -> io::Result<()> {
        if file.metadata()?.len() < self.read {
            // The file was truncated: forget the entries that it no longer contains.
            (self.read, self.last) = (0, HashMap::new());
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut more = String::new();
        file.read_to_string(&mut more)?;
        for text in more.split_inclusive('\n').filter(|text| text.ends_with('\n')) {
            let line: Line = serde_json::from_str(text)?;
            self.last.insert(line.payment, line.entry);
            self.read += text.len() as u64;
        }
        Ok(())
    }
}
