#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod in_place;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use in_place::{InPlace, Working};

/// The clock. Tests pass one that they move by hand.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes. Tests pass a counting source, so that sealed values are reproducible.
///
/// # Security
///
/// Session ids, nonces and keys come from this source. In production it must be cryptographically secure, such as
/// [`system_random`].
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The maximum difference between the clocks of two machines that serve the same people. Machines without working time
/// synchronisation are not supported. A time written by another machine is correct within this tolerance.
pub const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// The clock of the operating system.
#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock enters")]
pub fn system_clock() -> Clock {
    Arc::new(SystemTime::now)
}

/// The random source of the operating system.
///
/// # Panics
///
/// The returned function panics if the source fails, because a server without randomness must stop.
#[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness enters")]
pub fn system_random() -> Random {
    Arc::new(|buffer| {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no randomness: {error}");
        }
    })
}
