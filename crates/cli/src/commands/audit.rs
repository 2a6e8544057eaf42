//! `mainstay audit`: the trail of who did what.

use crate::fault::{Exit, Outcome};
use crate::open::{block_on, looking};
use crate::terminal::{complain, say, say_json};
use clap::Subcommand;
use mainstay_platform::config::Settings;
use mainstay_services::audit::AnchorState;

/// What to do with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Follow the chain from its first entry to its sealed head; exits with 1 when it is broken, and says where
    Verify {
        /// As JSON: {verified, waiting, fault, anchor}
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub(crate) fn run(settings: Settings, command: Command) -> Outcome {
    let Command::Verify { json } = command;
    let verdict = block_on(looking(settings, async |services| {
        Ok(services.verify_audit().await?)
    }))?;
    let waiting = match verdict.waiting {
        0 => String::new(),
        waiting => format!("; {waiting} wait to be linked"),
    };
    match &verdict.fault {
        _ if json => say_json(&verdict)?,
        None => say(&format!(
            "the audit trail is whole: {} entries verified{waiting}{}",
            verdict.verified,
            unanchored(verdict.anchor)
        ))?,
        Some(fault) => {
            complain(&format!(
                "the audit trail is broken: {fault}; {} entries before it are good",
                verdict.verified
            ));
        }
    }
    Ok(if verdict.fault.is_none() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// What a whole trail cannot vouch for.
fn unanchored(anchor: AnchorState) -> &'static str {
    match anchor {
        AnchorState::Held => "",
        AnchorState::Absent | AnchorState::Invalid => {
            "; no head is kept in the data folder, so a database that was put back to an older state would not be noticed"
        }
    }
}
