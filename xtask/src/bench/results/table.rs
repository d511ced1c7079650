//! The table: a line for each subject, a column for each of its numbers, targets in parentheses.

use std::fmt;

use super::number::number;
use super::{Measurement, Results};

/// Lines that have the same columns.
struct Section<'a> {
    lines: Vec<Vec<&'a Measurement>>,
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.circumstances)?;
        for section in sections(&self.measurements) {
            section.fmt(f)?;
        }
        let short: Vec<_> = self.short_of_targets().collect();
        if short.is_empty() {
            return writeln!(f, "\nEvery target is met.");
        }
        writeln!(f, "\nShort of their targets; docs/performance.md says why:\n")?;
        for measurement in short {
            let Measurement { subject, quantity, .. } = measurement;
            writeln!(f, "  {subject}: {quantity} is {}", cell(measurement))?;
        }
        Ok(())
    }
}

fn sections(measurements: &[Measurement]) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in measurements.chunk_by(|one, next| one.subject == next.subject) {
        let line: Vec<_> = line.iter().collect();
        match sections.last_mut() {
            Some(last) if columns(&last.lines[0]).eq(columns(&line)) => last.lines.push(line),
            _ => sections.push(Section { lines: vec![line] }),
        }
    }
    sections
}

fn columns<'a>(line: &'a [&Measurement]) -> impl Iterator<Item = String> + 'a {
    line.iter().map(|measurement| {
        let Measurement { quantity, unit, .. } = measurement;
        format!("{quantity} {}", unit.label()).trim().to_owned()
    })
}

impl Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head: Vec<String> = std::iter::once(String::new()).chain(columns(&self.lines[0])).collect();
        let mut rows = vec![head];
        for line in &self.lines {
            let subject = line[0].subject.clone();
            rows.push(
                std::iter::once(subject).chain(line.iter().map(|measurement| cell(measurement))).collect(),
            );
        }
        let widths: Vec<usize> = (0..rows[0].len())
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
            .collect();
        writeln!(f)?;
        for row in rows {
            write!(f, "  {:<width$}", row[0], width = widths[0].max(36))?;
            for (text, width) in row.iter().zip(&widths).skip(1) {
                write!(f, "  {text:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn cell(measurement: &Measurement) -> String {
    let value = number(measurement.value);
    let Some(target) = measurement.target else { return value };
    let sign = if measurement.unit.more_is_better() { "≥" } else { "≤" };
    let verdict = if measurement.falls_short() { ", MISSED" } else { "" };
    format!("{value} ({sign} {}{verdict})", number(target))
}
