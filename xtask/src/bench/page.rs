//! `docs/performance.md`: handwritten prose, with the measurements inserted between two marks.

use std::path::Path;

use super::machine::Machine;
use super::{Bench, Fallible};
use crate::test::postgres::Engine;

/// Path of the page.
pub(super) const PATH: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measurements: written by `cargo xtask bench` -->\n";
const END: &str = "<!-- end of the measurements -->\n";

/// Writes the measurements into the page.
pub(super) fn write(root: &Path, machine: &Machine, bench: &Bench<'_>, measurements: &str) -> Fallible<()> {
    let path = root.join(PATH);
    let engine = match &bench.engine {
        Engine::At { description, .. } => format!("; {description}"),
        Engine::Missing(_) => String::new(),
    };
    let arguments = &bench.arguments;
    let runs = format!(
        "- {} runs of {} s for each side; the median is shown",
        arguments.rounds, arguments.seconds
    );
    let measurements = format!("{machine}{engine}\n{runs}\n\n{measurements}");
    let page = filled(&std::fs::read_to_string(&path)?, &measurements)?;
    Ok(std::fs::write(path, page)?)
}

fn filled(page: &str, measurements: &str) -> Result<String, String> {
    let parts = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{PATH} lacks the marks around the measurements"))?;
    Ok(format!(
        "{before}{BEGIN}\n{}\n\n{END}{after}",
        measurements.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_the_text_between_the_marks() {
        let page = format!("# Prose\n{BEGIN}old\n{END}more prose\n");
        let once = filled(&page, "new\n").unwrap();
        assert_eq!(once, format!("# Prose\n{BEGIN}\nnew\n\n{END}more prose\n"));
        assert_eq!(filled(&once, "new\n").unwrap(), once);
        assert!(filled("no marks", "new").is_err());
    }

    #[test]
    fn the_page_has_its_marks() {
        let page = std::fs::read_to_string(crate::project::root().join(PATH)).unwrap();
        assert!(filled(&page, "x").is_ok());
    }
}
