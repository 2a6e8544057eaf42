//! `cargo xtask check`: the rules of the house that the compiler cannot see, one file each.
//! Every rule looks at everything, so that all faults are told at once.

use std::error::Error;

use crate::project::{self, Text};
use fault::Fault;
use manifest::Manifest;

mod arrows;
mod code;
mod decisions;
mod fault;
mod forbidden;
mod guards;
mod inheritance;
mod length;
mod links;
mod machine;
mod manifest;
mod markers;
mod names;
mod sql;
mod strangers;

/// A rule about texts: its name and what finds its faults.
type TextRule = (&'static str, fn(&[Text]) -> Vec<Fault>);
/// A rule about the manifests of the members.
type ManifestRule = (&'static str, fn(&[Manifest]) -> Vec<Fault>);

const TEXT_RULES: [TextRule; 9] = [
    ("forbidden", forbidden::check),
    ("markers", markers::check),
    ("sql", sql::check),
    ("guards", guards::check),
    ("length", length::check),
    ("names", names::check),
    ("links", links::check),
    ("decisions", decisions::check),
    ("machine", machine::check),
];

const MANIFEST_RULES: [ManifestRule; 3] = [
    ("arrows", arrows::check),
    ("strangers", strangers::check),
    ("inheritance", inheritance::check),
];

/// Checks every rule and prints every fault. `Ok(true)` when there is none.
pub(crate) fn run() -> Result<bool, Box<dyn Error>> {
    let root = project::root();
    let texts = project::texts(&root)?;
    let manifests = manifest::read(&root)?;

    let mut faults: Vec<(&str, Fault)> = Vec::new();
    for (name, rule) in TEXT_RULES {
        faults.extend(rule(&texts).into_iter().map(|fault| (name, fault)));
    }
    for (name, rule) in MANIFEST_RULES {
        faults.extend(rule(&manifests).into_iter().map(|fault| (name, fault)));
    }
    faults.sort_by(|(_, a), (_, b)| (&a.path, a.line).cmp(&(&b.path, b.line)));

    for (rule, fault) in &faults {
        println!(
            "{}:{}: [{rule}] {}\n    fix: {}",
            fault.path, fault.line, fault.reason, fault.fix
        );
    }
    let rules = TEXT_RULES.len() + MANIFEST_RULES.len();
    if faults.is_empty() {
        println!(
            "check: {rules} rules hold in {} files and {} crates",
            texts.len(),
            manifests.len()
        );
    } else {
        println!("check: {} faults", faults.len());
    }
    Ok(faults.is_empty())
}
