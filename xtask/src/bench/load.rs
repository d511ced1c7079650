//! Load by `wrk`, in its own process, and its cost for the process that answers.

use std::path::Path;
use std::time::Duration;

use super::program::Program;
use super::results::{Measurement, Unit};
use crate::failure::{Failure, Result};
use crate::process;

pub(super) const CONNECTIONS: [u32; 3] = [1, 16, 64];

/// Before each measurement, so that caches, connections to the core API and the allocator are warm.
const WARM_UP_SECONDS: u32 = 1;

/// A path of a program under load.
pub(super) struct Route<'a> {
    /// Its name in the results.
    pub(super) name: &'a str,
    pub(super) program: &'a Program,
    pub(super) path: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// Requests/s at each of [`CONNECTIONS`].
    pub(super) targets: Option<[f64; 3]>,
    pub(super) p99_target_ms: Option<f64>,
}

/// One run of `wrk`.
#[derive(Debug, PartialEq)]
struct Load {
    requests_per_sec: f64,
    requests: f64,
    p50_ms: f64,
    p99_ms: f64,
    failed: u64,
}

impl Route<'_> {
    /// Measures once at `CONNECTIONS[position]`.
    ///
    /// # Errors
    ///
    /// If an answer is missing or not 200: a fast error page is not a result.
    fn measure(&self, wrk: &Path, position: usize, seconds: u32) -> Result<Vec<Measurement>> {
        let connections = CONNECTIONS[position];
        self.expect_200()?;
        self.load(wrk, connections, WARM_UP_SECONDS)?;
        let before = self.program.processor_time();
        let load = self.load(wrk, connections, seconds)?;
        let spent =
            before.zip(self.program.processor_time()).map(|(before, after)| after.saturating_sub(before));
        self.expect_200()?;
        let subject = subject(self.name, connections);
        let add = |quantity, unit, value| Measurement::new(&subject, quantity, unit, value);
        let mut rate = add("rate", Unit::RequestsPerSecond, load.requests_per_sec);
        if let Some(targets) = self.targets {
            rate = rate.with_target(targets[position]);
        }
        let mut p99 = add("p99", Unit::Milliseconds, load.p99_ms);
        if let Some(target) = self.p99_target_ms.filter(|_| connections == CONNECTIONS[2]) {
            p99 = p99.with_target(target);
        }
        let mut measured = vec![rate, add("p50", Unit::Milliseconds, load.p50_ms), p99];
        measured.extend(
            spent.map(|spent| add("processor", Unit::Microseconds, micros_each(spent, load.requests))),
        );
        Ok(measured)
    }

    fn load(&self, wrk: &Path, connections: u32, seconds: u32) -> Result<Load> {
        let mut command = process::program(wrk);
        // One thread keeps any of these servers busy, and on a small machine it leaves the server more than two threads
        // would.
        command.args(["--threads", "1", "--latency", "--timeout", "10"]);
        command.args(["--connections", &connections.to_string(), "--duration", &format!("{seconds}s")]);
        for (name, value) in self.headers {
            command.args(["--header", &format!("{name}: {value}")]);
        }
        command.arg(format!("http://{}{}", self.program.address, self.path));
        let said = process::output(&mut command)?;
        let load = Load::parse(&said)
            .ok_or_else(|| Failure::new(format!("The output of wrk is not understood:\n{said}")))?;
        if load.failed > 0 {
            let Load { failed, requests, .. } = load;
            return Err(Failure::new(format!("{}: {failed} of {requests} requests failed.", self.name)));
        }
        Ok(load)
    }

    fn expect_200(&self) -> Result<()> {
        let answer = self.program.get(self.path, self.headers)?;
        if answer.status == 200 {
            return Ok(());
        }
        Err(Failure::new(format!("{} is answered with {}.", self.name, answer.status)))
    }
}

/// Measures every route at 1, 16 and 64 connections, in several rounds. A disturbance of a few seconds affects one
/// round of each number, and the median counts.
///
/// # Errors
///
/// If a route does not answer every request with 200.
pub(super) fn measure(
    routes: &[Route<'_>],
    wrk: &Path,
    rounds: u32,
    seconds: u32,
) -> Result<Vec<Measurement>> {
    let mut measured: Vec<Vec<Vec<Measurement>>> = vec![Vec::new(); routes.len() * CONNECTIONS.len()];
    for round in 1..=rounds {
        println!("load, round {round} of {rounds}");
        let mut places = measured.iter_mut();
        for route in routes {
            for (position, place) in (0..CONNECTIONS.len()).zip(places.by_ref()) {
                place.push(route.measure(wrk, position, seconds)?);
            }
        }
    }
    Ok(measured.iter().flat_map(|rounds| medians(rounds)).collect())
}

/// The median of each number. Of two middle values, the worse one.
fn medians(rounds: &[Vec<Measurement>]) -> Vec<Measurement> {
    let Some(first) = rounds.first() else { return Vec::new() };
    let middle = |(place, measurement): (usize, &Measurement)| {
        let mut values: Vec<f64> =
            rounds.iter().filter_map(|round| round.get(place)).map(|measured| measured.value).collect();
        values.sort_by(f64::total_cmp);
        if measurement.unit.more_is_better() {
            values.reverse();
        }
        Measurement { value: values[values.len() / 2], ..measurement.clone() }
    };
    first.iter().enumerate().map(middle).collect()
}

/// Identifies a measurement of a route in the results.
pub(super) fn subject(name: &str, connections: u32) -> String {
    format!("{name}, {connections} at once")
}

fn micros_each(spent: Duration, requests: f64) -> f64 {
    spent.as_secs_f64() * 1_000_000.0 / requests.max(1.0)
}

impl Load {
    fn parse(said: &str) -> Option<Self> {
        let after = |label: &str| said.lines().find_map(|line| line.trim().strip_prefix(label));
        let total = said.lines().find_map(|line| line.split_once(" requests in "))?.0;
        let refused =
            after("Non-2xx or 3xx responses:").map_or(Some(0), |count| count.trim().parse().ok())?;
        let broken: u64 = after("Socket errors:").map_or(0, |line| {
            line.split(|character: char| !character.is_ascii_digit())
                .filter_map(|count| count.parse::<u64>().ok())
                .sum()
        });
        Some(Self {
            requests_per_sec: after("Requests/sec:")?.trim().parse().ok()?,
            requests: total.trim().parse().ok()?,
            p50_ms: millis(after("50%")?)?,
            p99_ms: millis(after("99%")?)?,
            failed: refused + broken,
        })
    }
}

/// Times as wrk writes them: `98.00us`, `1.21ms`, `1.02s`.
fn millis(text: &str) -> Option<f64> {
    let text = text.trim();
    for (unit, in_millis) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] {
        if let Some(Ok(number)) = text.strip_suffix(unit).map(str::parse::<f64>) {
            return Some(number * in_millis);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Running 5s test @ http://127.0.0.1:3000/login
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     4.10ms    1.20ms  21.50ms   91.20%
    Req/Sec    15.52k     0.90k   17.10k    70.00%
  Latency Distribution
     50%    3.90ms
     75%    4.40ms
     90%    5.20ms
     99%    1.02s
  77610 requests in 5.00s, 240.51MB read
";

    #[test]
    fn what_wrk_says_is_read() {
        let load = Load::parse(&format!("{SAID}Requests/sec:  15521.90\nTransfer/sec: 48.09MB\n")).unwrap();
        let expected =
            Load { requests_per_sec: 15521.9, requests: 77610.0, p50_ms: 3.9, p99_ms: 1020.0, failed: 0 };
        assert_eq!(load, expected);
    }

    #[test]
    fn every_way_to_fail_is_counted() {
        let said = format!(
            "{SAID}  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 100\n\
             Requests/sec:  1.0\n"
        );
        assert_eq!(Load::parse(&said).unwrap().failed, 110);
    }

    #[test]
    fn a_run_without_a_result_is_none() {
        assert_eq!(Load::parse("unable to connect to 127.0.0.1:3000 Connection refused"), None);
        assert_eq!(Load::parse(SAID), None);
    }

    #[test]
    fn the_middle_round_counts_and_of_two_the_worse() {
        let round = |rate, p99| {
            vec![
                Measurement::new("x", "rate", Unit::RequestsPerSecond, rate),
                Measurement::new("x", "p99", Unit::Milliseconds, p99),
            ]
        };
        let rounds = [round(100.0, 9.0), round(10.0, 2.0), round(120.0, 3.0)];
        let values = |rounds| medians(rounds).iter().map(|measured| measured.value).collect::<Vec<_>>();
        assert_eq!(values(&rounds), [100.0, 3.0]);
        assert_eq!(values(&rounds[..2]), [10.0, 9.0]);
        assert_eq!(values(&rounds[..1]), [100.0, 9.0]);
    }

    #[test]
    fn times_are_read_in_each_of_their_units() {
        assert_eq!(millis("  250.00us"), Some(0.25));
        assert_eq!(millis("10.50ms"), Some(10.5));
        assert_eq!(millis("2.00s"), Some(2_000.0));
        assert_eq!(millis("2.00"), None);
    }
}
