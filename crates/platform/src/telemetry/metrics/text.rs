//! Conversion from OpenMetrics, which the library writes, to the text format that every Prometheus and `promtool`
//! reads.

/// The formats differ, for the metrics in use, in one point: OpenMetrics describes a counter without the `_total`
/// suffix of its samples; in the text format the description must have the name of the samples, or it describes
/// nothing.
pub(super) fn from_open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        if line.starts_with("# HELP ") {
            help = Some(line);
            continue;
        }
        let suffix = match line.strip_prefix("# TYPE ") {
            Some(described) if described.ends_with(" counter") => "_total",
            _ => "",
        };
        for line in help.take().into_iter().chain([line]) {
            match line.splitn(4, ' ').collect::<Vec<_>>()[..] {
                ["#", keyword, name, rest] => out.extend(["# ", keyword, " ", name, suffix, " ", rest]),
                _ => out.push_str(line),
            }
            out.push('\n');
        }
    }
    out
}
