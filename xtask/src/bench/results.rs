//! The results, as a table and as JSON, and their differences from an earlier run.

mod number;
mod table;

use std::path::Path;
use std::{fmt, fs};

use serde_json::{Value, json};

use super::machine::Circumstances;
use crate::failure::{Failure, Result};

pub(super) use self::number::number;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    RequestsPerSecond,
    Milliseconds,
    Microseconds,
    Megabytes,
    Bytes,
    Count,
    Times,
}

impl Unit {
    const ALL: [Self; 7] = [
        Self::RequestsPerSecond,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Megabytes,
        Self::Bytes,
        Self::Count,
        Self::Times,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requests/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Megabytes => "MB",
            Self::Bytes => "bytes",
            Self::Count => "",
            Self::Times => "times",
        }
    }

    /// Whether a larger value is better. For all other quantities, a smaller one is.
    pub(super) fn more_is_better(self) -> bool {
        self == Self::RequestsPerSecond
    }

    /// How much worse a value may be before it counts: a share of the earlier value, and at least this much.
    ///
    /// Two runs of one commit, a few minutes apart on a virtual machine without other load, differed by up to 29 % in
    /// rates, 24 % in processor time and 35 % in p99, all in the same direction, because the host was slower. Values
    /// relative to the bare route of the same run differed by up to 12 %, and memory by 3 %.
    const fn tolerance(self) -> (f64, f64) {
        match self {
            Self::RequestsPerSecond => (0.30, 0.0),
            Self::Times => (0.15, 0.0),
            Self::Megabytes => (0.10, 0.0),
            Self::Milliseconds => (0.40, 0.5),
            Self::Microseconds => (0.30, 1.0),
            Self::Bytes => (0.02, 64.0),
            Self::Count => (0.0, 0.0),
        }
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measurement {
    pub(super) subject: String,
    pub(super) quantity: String,
    pub(super) unit: Unit,
    pub(super) value: f64,
    /// The minimum if a larger value is better, or else the maximum.
    pub(super) target: Option<f64>,
}

impl Measurement {
    pub(super) fn new(subject: &str, quantity: &str, unit: Unit, value: f64) -> Self {
        Self { subject: subject.to_owned(), quantity: quantity.to_owned(), unit, value, target: None }
    }

    pub(super) fn with_target(self, target: f64) -> Self {
        Self { target: Some(target), ..self }
    }

    fn falls_short(&self) -> bool {
        let short =
            |target| if self.unit.more_is_better() { self.value < target } else { self.value > target };
        self.target.is_some_and(short)
    }

    fn is_worse_than(&self, earlier: f64) -> bool {
        let (share, least) = self.unit.tolerance();
        let slack = (earlier.abs() * share).max(least);
        let worse_by = if self.unit.more_is_better() { earlier - self.value } else { self.value - earlier };
        worse_by > slack
    }

    fn to_json(&self) -> Value {
        let Self { subject, quantity, unit, value, target } = self;
        json!({
            "subject": subject, "quantity": quantity, "unit": unit.label(), "value": value, "target": target,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let unit = text("unit")?;
        Some(Self {
            subject: text("subject")?,
            quantity: text("quantity")?,
            unit: Unit::ALL.into_iter().find(|known| known.label() == unit)?,
            value: value["value"].as_f64()?,
            target: value["target"].as_f64(),
        })
    }
}

/// One run, the current or an earlier one.
#[derive(Debug, PartialEq)]
pub(super) struct Results {
    pub(super) circumstances: Circumstances,
    pub(super) measurements: Vec<Measurement>,
}

impl Results {
    pub(super) fn value(&self, subject: &str, quantity: &str) -> Option<f64> {
        self.find(subject, quantity).map(|measurement| measurement.value)
    }

    fn find(&self, subject: &str, quantity: &str) -> Option<&Measurement> {
        let is_it = |known: &&Measurement| known.subject == subject && known.quantity == quantity;
        self.measurements.iter().find(is_it)
    }

    pub(super) fn short_of_targets(&self) -> impl Iterator<Item = &Measurement> {
        self.measurements.iter().filter(|measurement| measurement.falls_short())
    }

    /// # Errors
    ///
    /// If the file cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let measurements: Vec<Value> = self.measurements.iter().map(Measurement::to_json).collect();
        let whole = json!({ "circumstances": self.circumstances.to_json(), "measurements": measurements });
        let written = match path.parent() {
            Some(folder) => fs::create_dir_all(folder),
            None => Ok(()),
        };
        written
            .and_then(|()| fs::write(path, format!("{whole:#}\n")))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
    }

    /// # Errors
    ///
    /// If the file cannot be read, or was not written by this command.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
        Self::parse(&text).ok_or_else(|| {
            Failure::new(format!("{} was not written by `cargo xtask bench --save`.", path.display()))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let whole: Value = serde_json::from_str(text).ok()?;
        let measurements = whole["measurements"].as_array()?.iter().map(Measurement::from_json);
        Some(Self {
            circumstances: Circumstances::from_json(&whole["circumstances"])?,
            measurements: measurements.collect::<Option<_>>()?,
        })
    }

    /// Every number compared with an earlier run.
    pub(super) fn since<'a>(&'a self, earlier: &'a Self) -> Comparison<'a> {
        let changes = earlier.measurements.iter().map(|then| {
            let now = self.find(&then.subject, &then.quantity);
            Change { then, now }
        });
        Comparison { changes: changes.collect() }
    }
}

/// An earlier and a current number. A number that is no longer measured counts as worse.
struct Change<'a> {
    then: &'a Measurement,
    now: Option<&'a Measurement>,
}

impl Change<'_> {
    fn is_for_the_worse(&self) -> bool {
        self.now.is_none_or(|now| now.is_worse_than(self.then.value))
    }
}

pub(super) struct Comparison<'a> {
    changes: Vec<Change<'a>>,
}

impl Comparison<'_> {
    pub(super) fn worse(&self) -> usize {
        self.changes.iter().filter(|change| change.is_for_the_worse()).count()
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let Measurement { subject, quantity, unit, value, .. } = change.then;
            let what = format!("{subject}: {quantity}");
            let (then, unit) = (number(*value), unit.label());
            let worse = if change.is_for_the_worse() { "  WORSE" } else { "" };
            match change.now {
                None => writeln!(f, "  {what:<58} {then:>10} {unit}, not measured now{worse}")?,
                Some(now) if *value == 0.0 => {
                    writeln!(f, "  {what:<58} {then:>10} -> {:>10} {unit}{worse}", number(now.value))?;
                }
                Some(now) => {
                    let percent = (now.value / value - 1.0) * 100.0;
                    let now = number(now.value);
                    writeln!(f, "  {what:<58} {then:>10} -> {now:>10} {unit}  {percent:+.1} %{worse}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
