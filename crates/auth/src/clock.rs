use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time. An argument everywhere, so that a test can move it.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes that nobody can guess.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock of the machine.
#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock enters")]
pub fn system_clock() -> Clock {
    Arc::new(SystemTime::now)
}

/// The random source of the operating system.
///
/// # Panics
///
/// The returned function panics when the operating system has no randomness to give: nothing is safe without it.
#[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness enters")]
pub fn system_random() -> Random {
    Arc::new(|buffer| {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no randomness: {error}");
        }
    })
}
