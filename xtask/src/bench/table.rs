//! The table of measurements.

use std::fmt;

use super::measurement::Measurement;

/// A line of the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) workload: String,
    /// The product's result, with its unit.
    pub(super) product: String,
    /// The baseline and its result.
    pub(super) baseline: String,
    /// A hundred times the product divided by the baseline; `None` where no ratio applies.
    pub(super) ratio: Option<u64>,
    pub(super) target: Target,
    /// Further observations.
    pub(super) notes: String,
}

/// The target of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// A ratio of at least this many hundredths.
    Ratio(u64),
    /// A maximum, and the actual value.
    AtMost { max: u64, unit: &'static str, is: u64 },
}

impl Row {
    /// A row that compares two measurements.
    pub(super) fn compared(
        name: &'static str,
        workload: &str,
        product: Measurement,
        baseline: (&str, Measurement),
        target: Target,
    ) -> Self {
        let (name_of_baseline, baseline) = baseline;
        let ratio = (baseline.per_second > 0).then(|| product.per_second * 100 / baseline.per_second);
        let mut notes = format!("p50 {}, p99 {}", millis(product.p50_us), millis(product.p99_us));
        if product.cpu_ns > 0 && baseline.cpu_ns > 0 {
            notes = format!(
                "CPU {} against {}; {notes}",
                micros(product.cpu_ns),
                micros(baseline.cpu_ns)
            );
        }
        Self {
            name,
            workload: workload.to_owned(),
            product: format!("{}/s", thousands(product.per_second)),
            baseline: format!("{name_of_baseline}: {}/s", thousands(baseline.per_second)),
            ratio,
            target,
            notes,
        }
    }

    /// Adds the generator's CPU time as a note, for workloads where it is a considerable part.
    pub(super) fn note_generator(&mut self, product: Measurement) {
        self.notes
            .push_str(&format!("; the generator takes {}", micros(product.generator_ns)));
    }

    /// Whether the target is met; `None` when it cannot be determined.
    pub(super) fn reached(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(min) => self.ratio.map(|ratio| ratio >= min),
            Target::AtMost { max, is, .. } => Some(is <= max),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(min) => write!(f, ">= {}", hundredths(*min)),
            Self::AtMost { max, unit, .. } => write!(f, "<= {max} {unit}"),
        }
    }
}

/// The rows as a Markdown table, padded to be readable in a terminal.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut cells = vec![
        [
            "",
            "workload",
            "product",
            "baseline in the same run",
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
            row.baseline.clone(),
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

    fn row(product: u64, baseline: u64) -> Row {
        let measurement = |per_second| Measurement {
            per_second,
            ..Measurement::default()
        };
        Row::compared(
            "P1",
            "read",
            measurement(product),
            ("bare", measurement(baseline)),
            Target::Ratio(60),
        )
    }

    #[test]
    fn a_target_is_reached_at_its_exact_value() {
        assert_eq!(row(60, 100).reached(), Some(true));
        assert_eq!(row(59, 100).reached(), Some(false));
        assert_eq!(row(1, 0).reached(), None);
    }

    #[test]
    fn all_lines_have_the_same_length() {
        let text = markdown(&[row(60, 100), row(1_234_567, 100)]);
        assert!(
            text.contains("1,234,567/s") && text.contains("12345.67"),
            "{text}"
        );
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{text}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
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
