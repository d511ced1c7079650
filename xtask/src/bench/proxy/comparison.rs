//! The three proxies side by side, with the ratios that count.

use std::fmt;

use super::place::ANSWERS;
use crate::bench::load::{CONNECTIONS, subject};
use crate::bench::results::{Measurement, Results, Unit, number};

pub(super) const IRONLEAF: &str = "Ironleaf";
pub(super) const APACHE: &str = "mod_auth_openidc";
pub(super) const NGINX: &str = "nginx";
pub(super) const SIDES: [&str; 3] = [IRONLEAF, APACHE, NGINX];

const RATE_TARGET_TIMES: f64 = 1.5;
const PROCESSOR_TARGET_TIMES: f64 = 3.0;
const P99_TARGET_MS_LATER: f64 = 3.0;

/// The name of a proxy with an answer in the results.
pub(super) fn name(side: &str, answer: &str) -> String {
    format!("{side}, {answer}")
}

/// The numbers of one answer at one number of connections, in the order of [`SIDES`].
#[derive(Debug, Clone, PartialEq)]
struct Line {
    answer: &'static str,
    connections: u32,
    rate: [f64; 3],
    processor: [f64; 3],
    p50: [f64; 3],
    p99: [f64; 3],
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison(Vec<Line>);

impl Comparison {
    /// `None` if a number is missing.
    pub(super) fn of(results: &Results) -> Option<Self> {
        let mut lines = Vec::new();
        for (answer, _) in ANSWERS {
            for connections in CONNECTIONS {
                let each = |quantity| -> Option<[f64; 3]> {
                    let value = |side| results.value(&subject(&name(side, answer), connections), quantity);
                    Some([value(IRONLEAF)?, value(APACHE)?, value(NGINX)?])
                };
                let (rate, processor) = (each("rate")?, each("processor")?);
                let (p50, p99) = (each("p50")?, each("p99")?);
                lines.push(Line { answer, connections, rate, processor, p50, p99 });
            }
        }
        Some(Self(lines))
    }

    /// The ratios, for the results.
    pub(super) fn measurements(&self) -> Vec<Measurement> {
        let of_line = |line: &Line| {
            let subject = subject(&name("Ironleaf beside", line.answer), line.connections);
            [
                Measurement::new(&subject, "rate of mod_auth_openidc", Unit::Times, line.times_the_rate()),
                Measurement::new(&subject, "processor of nginx", Unit::Times, line.times_the_processor()),
                Measurement::new(&subject, "p99 later", Unit::Milliseconds, line.p99_later_by_ms()),
            ]
        };
        self.0.iter().flat_map(of_line).collect()
    }

    /// How many numbers miss their targets.
    pub(super) fn missed(&self) -> usize {
        self.0.iter().flat_map(|line| line.cells().into_iter().filter(|cell| cell.is_missed)).count()
    }
}

/// A number with a target.
struct Cell {
    text: String,
    is_missed: bool,
}

impl Line {
    fn times_the_rate(&self) -> f64 {
        self.rate[0] / self.rate[1]
    }

    fn times_the_processor(&self) -> f64 {
        self.processor[0] / self.processor[2]
    }

    /// Later than the better of the other two.
    fn p99_later_by_ms(&self) -> f64 {
        self.p99[0] - self.p99[1].min(self.p99[2])
    }

    fn cells(&self) -> [Cell; 3] {
        let (rate, processor, late) =
            (self.times_the_rate(), self.times_the_processor(), self.p99_later_by_ms());
        let is_full = self.connections == CONNECTIONS[CONNECTIONS.len() - 1];
        [
            Cell { text: format!("{rate:.2}"), is_missed: rate < RATE_TARGET_TIMES },
            Cell { text: format!("{processor:.2}"), is_missed: processor > PROCESSOR_TARGET_TIMES },
            Cell { text: format!("{late:+.2}"), is_missed: is_full && late > P99_TARGET_MS_LATER },
        ]
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nEach cell: {}. In the end of a group: Ironleaf beside the one that counts, and ! where it misses its target.\n",
            SIDES.join(" / ")
        )?;
        writeln!(
            f,
            "{:<18}{:>30}{:>9}{:>24}{:>9}{:>24}{:>24}{:>9}",
            "answer, at once", "requests/s", "times", "µs of processor", "times", "p50 ms", "p99 ms", "later"
        )?;
        for line in &self.0 {
            let Line { answer, connections, rate, processor, p50, p99 } = line;
            let [times_rate, times_processor, later] = line.cells().map(|cell| {
                let mark = if cell.is_missed { " !" } else { "  " };
                cell.text + mark
            });
            let head = format!("{answer}, {connections}");
            let [rate, processor, p50, p99] = [rate, processor, p50, p99].map(each);
            writeln!(
                f,
                "{head:<18}{rate:>30}{times_rate:>9}{processor:>24}{times_processor:>9}{p50:>24}{p99:>24}{later:>9}"
            )?;
        }
        writeln!(
            f,
            "\nTargets: {RATE_TARGET_TIMES} times the requests/s of mod_auth_openidc, {PROCESSOR_TARGET_TIMES} times the \
             processor time of nginx,\nand p99 at {} at most {P99_TARGET_MS_LATER} ms later than the better of both. \
             {} numbers miss theirs.",
            CONNECTIONS[CONNECTIONS.len() - 1],
            self.missed()
        )
    }
}

fn each(three: &[f64; 3]) -> String {
    three.map(number).join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::machine::Circumstances;

    fn results(rates: [f64; 3], micros: [f64; 3], p99: [f64; 3]) -> Results {
        let mut measurements = Vec::new();
        for (answer, _) in ANSWERS {
            for connections in CONNECTIONS {
                for (place, side) in SIDES.into_iter().enumerate() {
                    let subject = subject(&name(side, answer), connections);
                    let add = |quantity, unit, value| Measurement::new(&subject, quantity, unit, value);
                    measurements.push(add("rate", Unit::RequestsPerSecond, rates[place]));
                    measurements.push(add("p50", Unit::Milliseconds, 1.0));
                    measurements.push(add("p99", Unit::Milliseconds, p99[place]));
                    measurements.push(add("processor", Unit::Microseconds, micros[place]));
                }
            }
        }
        Results { circumstances: Circumstances::example(), measurements }
    }

    #[test]
    fn each_number_is_beside_the_one_that_counts() {
        let met = results([3_000.0, 1_000.0, 9_000.0], [60.0, 200.0, 30.0], [4.0, 8.0, 2.0]);
        let comparison = Comparison::of(&met).unwrap();
        assert_eq!(comparison.missed(), 0);
        let values: Vec<_> = comparison.measurements().iter().take(3).map(|ratio| ratio.value).collect();
        assert_eq!(values, [3.0, 2.0, 2.0]);
    }

    #[test]
    fn p99_counts_where_all_connections_are_busy() {
        let late = results([3_000.0, 1_000.0, 9_000.0], [60.0, 200.0, 30.0], [7.0, 3.0, 9.0]);
        assert_eq!(Comparison::of(&late).unwrap().missed(), ANSWERS.len());
    }

    #[test]
    fn what_misses_its_target_has_a_mark() {
        let slow = results([1_400.0, 1_000.0, 9_000.0], [91.0, 200.0, 30.0], [1.0, 1.0, 1.0]);
        let comparison = Comparison::of(&slow).unwrap();
        assert_eq!(comparison.missed(), 2 * ANSWERS.len() * CONNECTIONS.len());
        let shown = comparison.to_string();
        assert!(shown.contains("1,400 / 1,000 / 9,000   1.40 !"), "{shown}");
        assert!(shown.contains("91 / 200 / 30   3.03 !") && shown.contains("+0.00  "), "{shown}");
    }

    #[test]
    fn a_number_that_is_missing_is_not_made_up() {
        let mut results = results([1.0; 3], [1.0; 3], [1.0; 3]);
        results.measurements.pop();
        assert_eq!(Comparison::of(&results), None);
    }
}
