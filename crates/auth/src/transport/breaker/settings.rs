use std::time::Duration;

/// When a [`CircuitBreaker`](crate::CircuitBreaker) opens, and for how long.
#[derive(Debug, Clone)]
pub struct BreakerSettings {
    /// The weight of failures in a row that opens it: a call without an answer weighs two, a 502, 503 or 504 one.
    ///
    /// Ten: five lost calls or ten refusals. Where one call in ten fails by chance, five in a row come once in a
    /// hundred thousand calls; a person alone on the site waits for five timeouts at most.
    pub threshold: u32,
    /// A row of failures longer than this begins anew. A minute holds five timeouts of one person with time to read.
    pub window: Duration,
    /// A call dropped after this long without an answer has failed; dropped sooner it says nothing (a closed tab). One
    /// second: less than every deadline somebody puts around a call, more than a living API takes.
    pub patience: Duration,
    /// How long it is open the first time, less up to half by chance, so that replicas do not probe in step. Half a
    /// second: a restart of the API takes about as long, and a mistake costs no more.
    pub first_wait: Duration,
    /// The wait doubles with every failed probe up to this. A second and a half: a request that waits two and a half for
    /// its refresh finds an API that has come back, and one call in that time burdens none.
    pub longest_wait: Duration,
    /// A probe that has run this long has failed, whoever still waits for it. Three seconds: what a page is given.
    pub probe_limit: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            threshold: 10,
            window: Duration::from_mins(1),
            patience: Duration::from_secs(1),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_millis(1_500),
            probe_limit: Duration::from_secs(3),
        }
    }
}
