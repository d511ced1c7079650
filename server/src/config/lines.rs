//! Variables and values for people.

use std::fmt::{self, Write};
use std::time::Duration;

/// `NAME=value`, one per line.
#[derive(Default)]
pub struct Lines(String);

impl Lines {
    /// Adds a variable with its effective value. Write `(hidden)` for a secret.
    pub fn add(&mut self, name: &str, value: &dyn fmt::Display) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "{name}={value}");
    }

    pub(super) fn finish(self) -> String {
        self.0.trim_end().to_owned()
    }
}

pub(crate) fn secs(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}
