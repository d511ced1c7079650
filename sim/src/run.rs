//! Runs worlds, some concurrently, until all are done, time is up, or enough went wrong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::living::{self, Outcome};
use crate::options::Options;
use crate::report::Report;
use crate::style::Style;
use crate::world::Setup;

/// After this many failed worlds, the next one teaches nothing new.
const ENOUGH_FAILURES: usize = 3;

/// Runs as the options say.
///
/// # Panics
///
/// If the simulated code panics.
pub fn run(options: &Options, seed: u64) -> Report {
    let until =
        Until { worlds: options.people.map(|people| worlds(people, options.world)), time: options.time };
    go(options, seed, &until, false)
}

/// Runs until something is found, for at most `limit`.
///
/// # Panics
///
/// If the simulated code panics.
pub fn run_until_found(options: &Options, seed: u64, limit: Duration) -> Report {
    go(options, seed, &Until { worlds: None, time: Some(limit) }, true)
}

const STYLES: u64 = Style::ALL.len() as u64;

struct Until {
    worlds: Option<u64>,
    time: Option<Duration>,
}

fn go(options: &Options, seed: u64, until: &Until, stop_early: bool) -> Report {
    let begun = now();
    let next = AtomicU64::new(0);
    let report = Mutex::new(Report::new(options.clone(), seed));
    let lock = || report.lock().unwrap_or_else(PoisonError::into_inner);
    let enough = if stop_early { 1 } else { ENOUGH_FAILURES };
    let is_over = |index| {
        until.worlds.is_some_and(|worlds| index >= worlds)
            || until.time.is_some_and(|time| begun.elapsed() >= time)
            || lock().failed_worlds() >= enough
    };
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if is_over(index) {
                        break;
                    }
                    let outcome = live(setup(options, seed, index), stop_early);
                    lock().add(outcome);
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.took = begun.elapsed();
    report
}

fn live(setup: Setup, stop_early: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without a driver for sockets always starts");
    runtime.block_on(living::live(setup, stop_early))
}

fn worlds(people: u32, world: u32) -> u64 {
    u64::from(people.div_ceil(world))
}

/// The first world has the seed itself, so a printed seed reproduces that very world.
fn setup(options: &Options, seed: u64, index: u64) -> Setup {
    let own = seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // Starting with one that the seed draws, all styles take turns. So even a short run has as many of them as
    // possible.
    let turn = (seed % STYLES).wrapping_add(index) % STYLES;
    let drawn = Style::ALL[usize::try_from(turn).unwrap_or_default()];
    let before = u32::try_from(index).unwrap_or(u32::MAX).saturating_mul(options.world);
    let left = options.people.map_or(options.world, |people| people.saturating_sub(before));
    Setup {
        seed: own,
        people: left.min(options.world).max(1),
        days: options.days,
        replicas: options.replicas,
        style: options.style.unwrap_or(drawn),
    }
}

/// A random seed, if none was given.
pub fn drawn_seed() -> u64 {
    fastrand::u64(..) >> 16
}

fn now() -> Instant {
    Instant::now()
}
