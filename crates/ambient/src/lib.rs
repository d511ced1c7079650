#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Tells the time. Tests pass one that they move by hand.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes. Tests pass one that counts, so that sealed values can be frozen.
///
/// # Security
///
/// Session ids, nonces and keys come from here: in production it must be a cryptographically secure source, such as
/// [`system_random`].
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clocks of two machines that serve the same people differ by no more than this: machines without working time
/// synchronisation are not supported. A moment that another machine wrote down is right within this much.
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
/// The returned function panics if that source fails: a server without randomness must not go on.
#[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness enters")]
pub fn system_random() -> Random {
    Arc::new(|buffer| {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no randomness: {error}");
        }
    })
}
