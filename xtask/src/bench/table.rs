//! The table of figures.

use std::fmt;

use super::figure::Figure;

/// A line of the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) workload: String,
    /// What the product did, with its unit.
    pub(super) product: String,
    /// What it is compared with, and what that did.
    pub(super) floor: String,
    /// A hundred times the product by the floor; `None` where it is not a matter of a ratio.
    pub(super) ratio: Option<u64>,
    pub(super) target: Target,
    /// What else was seen.
    pub(super) notes: String,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// A ratio of at least this many hundredths.
    Ratio(u64),
    /// A number of at most this, and the number.
    Most { most: u64, unit: &'static str, is: u64 },
}

impl Row {
    /// A line that compares two figures.
    pub(super) fn compared(
        name: &'static str,
        workload: &str,
        product: Figure,
        floor: (&str, Figure),
        target: Target,
    ) -> Self {
        let (what, floor) = floor;
        let ratio = (floor.per_second > 0).then(|| product.per_second * 100 / floor.per_second);
        let mut notes = format!("p50 {}, p99 {}", millis(product.p50_us), millis(product.p99_us));
        if product.cpu_ns > 0 && floor.cpu_ns > 0 {
            notes = format!(
                "CPU {} against {}; {notes}",
                micros(product.cpu_ns),
                micros(floor.cpu_ns)
            );
        }
        Self {
            name,
            workload: workload.to_owned(),
            product: format!("{}/s", thousands(product.per_second)),
            floor: format!("{what}: {}/s", thousands(floor.per_second)),
            ratio,
            target,
            notes,
        }
    }

    /// Notes what the generator took of the same cores, where that is a good part.
    pub(super) fn note_generator(&mut self, product: Figure) {
        self.notes
            .push_str(&format!("; the generator takes {}", micros(product.generator_ns)));
    }

    /// Whether the target is reached; `None` when there is none.
    pub(super) fn reached(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(least) => self.ratio.map(|ratio| ratio >= least),
            Target::Most { most, is, .. } => Some(is <= most),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(least) => write!(f, ">= {}", hundredths(*least)),
            Self::Most { most, unit, .. } => write!(f, "<= {most} {unit}"),
        }
    }
}

/// The rows as Markdown, which reads well at a terminal, too.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut cells = vec![
        [
            "",
            "workload",
            "product",
            "floor in the same run",
            "ratio",
            "target",
            "",
            "notes",
        ]
        .map(str::to_owned),
    ];
    for row in rows {
        let reached = match row.reached() {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "",
        };
        cells.push([
            row.name.to_owned(),
            row.workload.clone(),
            row.product.clone(),
            row.floor.clone(),
            row.ratio.map_or_else(|| "–".to_owned(), hundredths),
            row.target.to_string(),
            reached.to_owned(),
            row.notes.clone(),
        ]);
    }
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let padded: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("| {} |\n", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&cells[0]);
    text.push_str(&format!("| {} |\n", rule.join(" | ")));
    cells[1..].iter().for_each(|row| text.push_str(&line(row)));
    text
}

/// `123` as `1.23`.
pub(super) fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// `1234567` as `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds as milliseconds.
pub(super) fn millis(micros: u64) -> String {
    format!("{} ms", hundredths(micros / 10))
}

fn micros(nanos: u64) -> String {
    format!("{}.{} µs", nanos / 1000, nanos % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(product: u64, floor: u64) -> Row {
        let figure = |per_second| Figure {
            per_second,
            ..Figure::default()
        };
        Row::compared(
            "P1",
            "read",
            figure(product),
            ("bare", figure(floor)),
            Target::Ratio(60),
        )
    }

    #[test]
    fn a_target_is_reached_at_its_number() {
        assert_eq!(row(60, 100).reached(), Some(true));
        assert_eq!(row(59, 100).reached(), Some(false));
        assert_eq!(row(1, 0).reached(), None);
    }

    #[test]
    fn the_lines_are_of_one_length() {
        let text = markdown(&[row(60, 100), row(1_234_567, 100)]);
        assert!(
            text.contains("1,234,567/s") && text.contains("12345.67"),
            "{text}"
        );
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{text}");
    }

    #[test]
    fn numbers_are_told_in_groups() {
        assert_eq!(
            ["0", "999", "1,000", "22,339"],
            [0, 999, 1000, 22_339]
                .map(thousands)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(millis(4_560), "4.56 ms");
    }
}
