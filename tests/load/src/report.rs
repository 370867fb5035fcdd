//! Figures as tables.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

/// How long things took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0
            .push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// p50, p90, p99 and the longest, in milliseconds.
    pub(crate) fn percentiles(mut self) -> [f64; 4] {
        self.0.sort_unstable();
        [0.5, 0.9, 0.99, 1.0].map(|share| {
            let last = self.0.len().saturating_sub(1);
            let at = (last as f64 * share).round() as usize;
            self.0.get(at).map_or(f64::NAN, |took| *took as f64 / 1e6)
        })
    }
}

/// The middle one; of an even number the lower of both.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len().saturating_sub(1) / 2;
    figures.get(middle).copied().unwrap_or(f64::NAN)
}

/// A table in Markdown, which is as easy to read where it is printed.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heads: &[&str]) -> Self {
        Self {
            rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()],
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::from("|");
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                // The name stands on the left, figures on the right.
                match column {
                    0 => write!(line, " {cell:<width$} |")?,
                    _ => write!(line, " {cell:>width$} |")?,
                }
            }
            writeln!(f, "{line}")?;
            if number == 0 {
                let rule = widths.iter().enumerate().map(|(column, width)| {
                    let colon = if column == 0 { "-" } else { ":" };
                    format!("{}{colon}|", "-".repeat(width + 1))
                });
                writeln!(f, "|{}", rule.collect::<String>())?;
            }
        }
        Ok(())
    }
}

/// Three significant digits, or as many as stand before the point.
pub(crate) fn figure(value: f64) -> String {
    match value {
        value if !value.is_finite() => "–".to_owned(),
        value if value.abs() >= 99.95 => format!("{value:.0}"),
        value if value.abs() >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Microseconds for each.
pub(crate) fn micros_each(time: Duration, count: usize) -> f64 {
    time.as_nanos() as f64 / 1000.0 / count as f64
}

/// What was measured, where, and what was asked for.
pub(crate) fn heading() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.ok().filter(|text| !text.is_empty())
    };
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let commit = said(
        "git",
        &["describe", "--always", "--dirty=, changed", "--exclude=*"],
    );
    let date = said("date", &["+%Y-%m-%d"]);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("?", |line| line.trim_start_matches([' ', '\t', ':']));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "commit {}, {}; {cores} of {} cores of {model}, Linux {}; load average {}\n\
         $ load {}\n",
        commit.as_deref().unwrap_or("unknown"),
        date.as_deref().unwrap_or("?"),
        info.lines()
            .filter(|line| line.starts_with("processor"))
            .count(),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').next().unwrap_or("?"),
        arguments.join(" ")
    )
}
