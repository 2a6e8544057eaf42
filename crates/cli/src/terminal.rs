//! Output for people and scripts: the only module that prints.

use std::io::{self, ErrorKind, IsTerminal, Write};

/// Whether to print colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(bool);

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// In order.
    Green,
    /// A warning.
    Yellow,
    /// A failure.
    Red,
}

impl Paint {
    /// True on a terminal with colours, unless the user disabled them (<https://no-color.org>).
    pub(crate) fn of(output: &impl IsTerminal) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "NO_COLOR and TERM are not settings of Mainstay, and only colours depend on them"
        )]
        let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self(
            output.is_terminal()
                && given("NO_COLOR").is_none()
                && given("TERM").is_none_or(|term| term != "dumb"),
        )
    }

    /// The text in the colour, where colours are enabled.
    pub(crate) fn paint(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Red => 31,
        };
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Prints lines to standard output, at once. A reader that closes the pipe (`| head`) is no error.
pub(crate) fn print_line(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(output, "{text}{end}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Prints a value as JSON for programs, over several lines so that people can read it, too.
pub(crate) fn print_json(value: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    print_line(&text)
}

/// Prints an error to standard error, under the program's name.
pub(crate) fn print_error(program: &str, sentence: &str) {
    let mut output = io::stderr();
    let head = Paint::of(&output).paint(Colour::Red, &format!("{program}:"));
    // A failure to write this cannot be reported anywhere.
    let _ = writeln!(output, "{head} {sentence}");
}

/// Aligned columns. Control characters, which a user may have put into a name, are escaped.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows.into_iter().map(|row| row.map(|cell| plain(&cell))));
    let mut widths = [0; N];
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &all {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The text with control characters escaped.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_is_obeyed() {
        let rows = [
            ["ann".to_owned(), "1".to_owned()],
            ["\u{1b}[31mü".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["NAME", "N"], rows),
            "NAME         N\nann          1\n\\u{1b}[31mü\n"
        );
    }

    #[test]
    fn colours_are_for_those_who_welcome_them() {
        assert_eq!(Paint(true).paint(Colour::Red, "no"), "\u{1b}[31mno\u{1b}[0m");
        assert_eq!(Paint(false).paint(Colour::Red, "no"), "no");
    }
}
