//! `docs/performance.md`: prose that people write, and figures that the command writes between two marks.

use std::path::Path;

use super::machine::Machine;
use super::{Bench, Fallible};
use crate::test::postgres::Engine;

/// Where the page is.
pub(super) const PLACE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// Writes the figures into the page.
pub(super) fn write(root: &Path, machine: &Machine, bench: &Bench<'_>, figures: &str) -> Fallible<()> {
    let path = root.join(PLACE);
    let engine = match &bench.engine {
        Engine::At { description, .. } => format!("; {description}"),
        Engine::Missing(_) => String::new(),
    };
    let arguments = &bench.arguments;
    let turns = format!(
        "- {} turns of {} s for each side, the middle one told",
        arguments.rounds, arguments.seconds
    );
    let figures = format!("{machine}{engine}\n{turns}\n\n{figures}");
    let page = filled(&std::fs::read_to_string(&path)?, &figures)?;
    Ok(std::fs::write(path, page)?)
}

fn filled(page: &str, figures: &str) -> Result<String, String> {
    let parts = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.ok_or_else(|| format!("{PLACE} has lost the marks between which the figures stand"))?;
    Ok(format!("{before}{BEGIN}\n{}\n\n{END}{after}", figures.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("# Prose\n{BEGIN}old\n{END}more prose\n");
        let once = filled(&page, "new\n").unwrap();
        assert_eq!(once, format!("# Prose\n{BEGIN}\nnew\n\n{END}more prose\n"));
        assert_eq!(filled(&once, "new\n").unwrap(), once);
        assert!(filled("no marks", "new").is_err());
    }

    #[test]
    fn the_page_has_its_marks() {
        let page = std::fs::read_to_string(crate::project::root().join(PLACE)).unwrap();
        assert!(filled(&page, "x").is_ok());
    }
}
