use std::borrow::Cow;
use std::time::Duration;

/// When a [`CircuitBreaker`](crate::CircuitBreaker) opens, and for how long.
#[derive(Debug, Clone)]
pub struct BreakerSettings {
    /// What the calls go to, for the log.
    pub to: Cow<'static, str>,
    /// The weight of failures in a row that opens the breaker: a call without an answer weighs two, a 502, 503 or 504 one.
    ///
    /// Ten: five lost calls or ten refusals. If one call in ten fails by chance, five in a row occur once in a hundred
    /// thousand calls. A person alone on the site waits for at most five timeouts.
    pub threshold: u32,
    /// A row of failures longer than this starts again. A minute holds five timeouts of one person with time to read.
    pub window: Duration,
    /// A call that is dropped after this time without an answer has failed. One that is dropped sooner says nothing (a
    /// closed tab). One second is less than every deadline around a call, and more than a working API takes.
    pub patience: Duration,
    /// How long the breaker is open the first time, less up to half by chance, so that replicas do not probe at the
    /// same time. Half a second: a restart of the API takes about as long, and a mistake costs no more.
    pub first_wait: Duration,
    /// The wait doubles with every failed probe, up to this. A request waits two and a half seconds for its refresh.
    /// With a longest wait of a second and a half it finds an API that has come back, and one call in that time is no
    /// burden.
    pub longest_wait: Duration,
    /// A probe that has run this long has failed, even if somebody still waits for it. Three seconds: the time that a page has.
    pub probe_limit: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            to: "api".into(),
            threshold: 10,
            window: Duration::from_mins(1),
            patience: Duration::from_secs(1),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_millis(1_500),
            probe_limit: Duration::from_secs(3),
        }
    }
}
