//! `cargo xtask check`: project rules that the compiler cannot check, one file each. Every rule checks everything, so
//! that all violations are reported at once.

use std::error::Error;

use crate::project::{self, Text};
use manifest::Manifest;
use violation::Violation;

mod asvs;
mod circles;
mod code;
mod decisions;
mod engine;
mod exceptions;
mod external_crates;
mod forbidden;
mod guards;
mod inheritance;
mod layers;
mod length;
mod links;
mod machine;
mod manifest;
mod markers;
mod names;
mod recipe;
mod sql;
mod system_callers;
mod violation;
mod words;

/// A rule about texts: its name and the function that finds violations.
type TextRule = (&'static str, fn(&[Text]) -> Vec<Violation>);
/// A rule about the manifests of the members.
type ManifestRule = (&'static str, fn(&[Manifest]) -> Vec<Violation>);

const TEXT_RULES: [TextRule; 15] = [
    ("forbidden", forbidden::check),
    ("markers", markers::check),
    ("sql", sql::check),
    ("guards", guards::check),
    ("system-callers", system_callers::check),
    ("length", length::check),
    ("names", names::check),
    ("links", links::check),
    ("recipe", recipe::check),
    ("decisions", decisions::check),
    ("machine", machine::check),
    ("words", words::check),
    ("circles", circles::check),
    ("engine", engine::check),
    ("asvs", asvs::check),
];

const MANIFEST_RULES: [ManifestRule; 3] = [
    ("layers", layers::check),
    ("external-crates", external_crates::check),
    ("inheritance", inheritance::check),
];

/// Checks every rule and prints every violation. `Ok(true)` when there is none.
pub(crate) fn run() -> Result<bool, Box<dyn Error>> {
    let root = project::root();
    let texts = project::texts(&root)?;
    let manifests = manifest::read(&root)?;

    let mut violations: Vec<(&str, Violation)> = Vec::new();
    for (name, rule) in TEXT_RULES {
        violations.extend(rule(&texts).into_iter().map(|violation| (name, violation)));
    }
    for (name, rule) in MANIFEST_RULES {
        violations.extend(rule(&manifests).into_iter().map(|violation| (name, violation)));
    }
    violations.sort_by(|(_, a), (_, b)| (&a.path, a.line).cmp(&(&b.path, b.line)));

    for (rule, violation) in &violations {
        println!(
            "{}:{}: [{rule}] {}\n    fix: {}",
            violation.path, violation.line, violation.reason, violation.fix
        );
    }
    let rules = TEXT_RULES.len() + MANIFEST_RULES.len();
    if violations.is_empty() {
        println!(
            "check: {rules} rules hold in {} files and {} crates",
            texts.len(),
            manifests.len()
        );
    } else {
        println!("check: {} violations", violations.len());
    }
    Ok(violations.is_empty())
}
