//! What the test gateway did, in a file that outlives the process: one line of JSON for each thing it did.

use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_platform::files;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LedgerEntry {
    /// The money came in.
    Collected,
    /// It did not, and never will.
    Refused,
    /// It was called off before it came in, and never will.
    Voided,
    /// It came in and went back.
    Repaid,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    deed: LedgerEntry,
    payment: PaymentId,
    amount: i64,
    currency: String,
}

/// The file, as far as it was read. Processes that share it take turns.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    read: u64,
    last: HashMap<PaymentId, LedgerEntry>,
}

impl Ledger {
    /// A ledger in a file that is made when the first thing is done.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: 0,
            last: HashMap::new(),
        }
    }

    /// Lets `decide` see what was last done for a payment, and writes down what it does now, if anything. Tells what
    /// is the last thing done then. Nobody else does anything in between.
    pub(super) fn turn(
        &mut self,
        payment: PaymentId,
        amount: Money,
        decide: impl FnOnce(Option<LedgerEntry>) -> Option<LedgerEntry>,
    ) -> io::Result<Option<LedgerEntry>> {
        let mut file = self.open()?;
        // Let go when the file is closed, also by kill -9.
        file.lock()?;
        self.catch_up(&mut file)?;
        let before = self.last.get(&payment).copied();
        let Some(deed) = decide(before) else {
            return Ok(before);
        };
        let line = Line {
            deed,
            payment,
            amount: amount.amount,
            currency: amount.currency.code().to_owned(),
        };
        let mut line = serde_json::to_string(&line)?;
        line.push('\n');
        // Half a line of somebody who died, or whose disk was full, is nothing that was done.
        file.set_len(self.read)?;
        file.write_all(line.as_bytes())?;
        self.read += line.len() as u64;
        self.last.insert(payment, deed);
        Ok(Some(deed))
    }

    fn open(&self) -> io::Result<File> {
        files::make_dir(files::folder_of(&self.path))?;
        files::open_append(&self.path)
    }

    /// Reads what others have done since.
    fn catch_up(&mut self, file: &mut File) -> io::Result<()> {
        if file.metadata()?.len() < self.read {
            // Somebody emptied it: what is not there was not done.
            (self.read, self.last) = (0, HashMap::new());
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut more = String::new();
        file.read_to_string(&mut more)?;
        for text in more.split_inclusive('\n').filter(|text| text.ends_with('\n')) {
            let line: Line = serde_json::from_str(text)?;
            self.last.insert(line.payment, line.deed);
            self.read += text.len() as u64;
        }
        Ok(())
    }
}
