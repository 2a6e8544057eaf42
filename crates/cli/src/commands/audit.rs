//! `mainstay audit`: verifies the audit trail, or accepts a broken one.

use crate::error::{CliError, Exit, Outcome};
use crate::open::{block_on, with_existing, with_read_only};
use crate::terminal::{print_error, print_json, print_line};
use clap::Subcommand;
use mainstay_app::App;
use mainstay_engine::audit::WitnessedHead;
use mainstay_platform::config::Settings;

/// Operations on the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify the chain from its first entry to its sealed head; exits with 1 when it is broken, and prints where
    Verify {
        /// Compare the chain with a head stored elsewhere: SEQ:HASH, as in the log, or a file with a request that
        /// AUDIT_WITNESS_URL received
        #[arg(long, value_name = "SEQ:HASH|FILE")]
        head: Option<String>,
        /// As JSON: {verified, waiting, fault, faults, anchor}
        #[arg(long)]
        json: bool,
    },
    /// Accept a broken trail: every entry is accepted as it is now, and the trail records the reason
    Accept {
        /// Why the trail is accepted: what happened, and who investigated it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// As JSON: {seq, hash, reason, faults}, or null when the trail was not broken
        #[arg(long)]
        json: bool,
    },
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    match command {
        Command::Verify { head, json } => verify(app, settings, head.as_deref(), json),
        Command::Accept { reason, json } => accept(app, settings, &reason, json),
    }
}

fn verify(app: &App, settings: Settings, head: Option<&str>, json: bool) -> Outcome {
    let head = head.map(witnessed).transpose()?;
    let verdict = block_on(with_read_only(app, settings, async |engine| {
        Ok(engine.audit_verifier().verify(head).await?)
    }))?;
    let waiting = match verdict.waiting {
        0 => String::new(),
        waiting => format!("; {waiting} wait to be linked"),
    };
    match &verdict.fault {
        _ if json => print_json(&verdict)?,
        None => print_line(&format!(
            "the audit trail is whole: {} entries verified{waiting}",
            verdict.verified,
        ))?,
        Some(fault) => {
            let print_error = |sentence: &str| print_error(app.name(), sentence);
            print_error(&format!(
                "the audit trail is broken: {fault}; {} entries before it are good{waiting}",
                verdict.verified
            ));
            for also in verdict.faults.iter().skip(1) {
                print_error(&format!("and: {also}"));
            }
            print_error(&format!(
                "find out what happened; a new node or a restored database has no audit.anchor, for example. Then \
                 `{} audit accept --reason TEXT`, with this DATA_DIR, records the reason and lets the trail go on",
                app.name()
            ));
        }
    }
    Ok(if verdict.fault.is_none() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn accept(app: &App, settings: Settings, reason: &str, json: bool) -> Outcome {
    let accepted = block_on(with_existing(app, settings, async |engine| {
        Ok(engine.audit_acceptor().accept(reason).await?)
    }))?;
    match accepted {
        accepted if json => print_json(&accepted)?,
        None => print_line("the audit trail is whole: there is nothing to accept")?,
        Some(accepted) => print_line(&format!(
            "accepted as it is, up to {}: {}. The trail records the reason, and further entries are linked",
            accepted.seq,
            accepted.faults.join("; ")
        ))?,
    }
    Ok(Exit::Done)
}

/// The fewest bytes of a hash, as many as the log prints.
const SHORTEST_HASH: usize = 8;

/// Parses a head in the form of the log, or in the form sent to the external receiver.
fn witnessed(text: &str) -> Outcome<WitnessedHead> {
    if let Some((seq, hash)) = text.split_once(':')
        && let Ok(seq) = seq.parse()
    {
        return head(seq, hash);
    }
    let unreadable = |why: &dyn std::fmt::Display| {
        CliError::usage(format!(
            "--head: {text:?} is neither SEQ:HASH nor a file that can be read: {why}"
        ))
    };
    let body = std::fs::read_to_string(text).map_err(|error| unreadable(&error))?;
    let body: serde_json::Value = serde_json::from_str(&body).map_err(|error| unreadable(&error))?;
    match (body["data"]["seq"].as_i64(), body["data"]["hash"].as_str()) {
        (Some(seq), Some(hash)) => head(seq, hash),
        _ => Err(unreadable(&"it has no data.seq and data.hash")),
    }
}

fn head(seq: i64, hash: &str) -> Outcome<WitnessedHead> {
    let byte = |at: usize| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hash.len()).step_by(2).map(byte).collect();
    match bytes {
        Some(hash) if seq > 0 && (SHORTEST_HASH..=32).contains(&hash.len()) => {
            Ok(WitnessedHead { seq, hash })
        }
        _ => Err(CliError::usage(
            "--head: SEQ is a number from 1, HASH 16 to 64 hexadecimal digits".to_owned(),
        )),
    }
}
