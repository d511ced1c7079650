mod circuit;
mod settings;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;

use self::circuit::{Circuit, Failure, Pass};
pub use self::settings::BreakerSettings;
pub use self::state::BreakerState;
use super::{Request, Response, Transport, TransportError};
use crate::{Clock, Random};

/// A [`Transport`] that stops calling an API that does not answer. Each call during an outage then costs microseconds,
/// not a timeout.
///
/// It is for an API that is down, not for one with errors: as long as anything answers, every call is let through.
///
/// | state | a call | changes |
/// |---|---|---|
/// | [`Closed`](BreakerState::Closed) | goes through | opens after failures of weight `threshold` in a row |
/// | [`Open`](BreakerState::Open) | fails at once as [`NotSent`](TransportError::NotSent) | after the wait the next call is the probe |
/// | [`HalfOpen`](BreakerState::HalfOpen) | one probe runs, others fail at once | an answer closes it, a failure doubles the wait |
///
/// - **A failure** is either [`TransportError`], a 502, 503 or 504, or a call that was given up after `patience` (a
///   deadline around the call must not hide that no answer came). Every other status is an answer: a 500 concerns one
///   request, a 429 one caller.
/// - **In a row** means that nothing was answered since the failing call began. So two hundred calls that fail together
///   count. Five pages that time out at one slow endpoint do not count while other calls are answered.
/// - **A call without an answer weighs two; a 502, 503 or 504 weighs one.** The first costs somebody a timeout and
///   concerns the whole API. The second is quick and may come from one endpoint for one person.
/// - **A probe that is dropped** early proves nothing, and the next call becomes the probe. A probe that runs longer
///   than `probe_limit` counts as failed, but if its answer comes later, it still closes the breaker.
/// - **A call that began before the breaker opened** does not close it, and does not open it again if it fails late.
///
/// An outage is logged twice: a warning with the cause when it begins, and a line with its duration when it ends.
///
/// # Caveats
///
/// If nobody else is calling, anyone who can make the API answer 503 ten times in a row can open the breaker. That is
/// why the first wait is short: opening it wrongly shuts people out for half a second. The machine's clock measures the
/// wait. If it steps back, the wait starts again and is not prolonged by the step.
///
/// This is our own code because no maintained crate fits. tower-resilience-circuitbreaker and failsafe read
/// `Instant::now`, recloser and failsafe let more than one call through while half-open, and none counts a call that
/// was given up while it hung.
///
/// # Example
///
/// ```
/// use ironleaf_auth::*;
///
/// # fn example() -> Result<(), TransportError> {
/// let http = HttpTransport::new(&HttpSettings::default())?;
/// let transport = CircuitBreaker::new(http, BreakerSettings::default(), system_clock(), system_random());
/// assert_eq!(transport.state(), BreakerState::Closed);
/// # Ok(())
/// # }
/// ```
pub struct CircuitBreaker<T> {
    inner: T,
    patience: Duration,
    clock: Clock,
    circuit: Mutex<Circuit>,
}

impl<T> CircuitBreaker<T> {
    /// A closed breaker in front of `inner`. All calls to one API use one breaker; two APIs have one each.
    pub fn new(inner: T, settings: BreakerSettings, clock: Clock, random: Random) -> Self {
        let patience = settings.patience;
        Self { inner, patience, clock, circuit: Mutex::new(Circuit::new(settings, random)) }
    }

    /// The current state, for readiness and metrics.
    ///
    /// Only a call can close the breaker. A replica that gets no requests because its readiness shows an open breaker
    /// stays unready, unless its readiness check calls the API through the breaker.
    pub fn state(&self) -> BreakerState {
        self.circuit().state()
    }

    /// Lets a call through that is sent by other means than [`Transport::send`], such as one whose bodies stream. The call
    /// counts once its answer begins.
    ///
    /// While the breaker is open, the inner result is [`TransportError::NotSent`].
    ///
    /// # Errors
    ///
    /// Those of `send`: that it has given the call up for a reason of its own, such as a client that has gone away. This
    /// says nothing about the API, and does not count.
    pub async fn around<B, E>(
        &self,
        send: impl Future<Output = Result<Result<http::Response<B>, TransportError>, E>>,
    ) -> Result<Result<http::Response<B>, TransportError>, E> {
        let call = match self.admit() {
            Ok(call) => call,
            Err(error) => return Ok(Err(error)),
        };
        match send.await {
            Ok(result) => {
                call.ended(result.as_ref().map(http::Response::status));
                Ok(result)
            }
            Err(error) => {
                call.withdrawn();
                Err(error)
            }
        }
    }

    fn admit(&self) -> Result<Call<'_, T>, TransportError> {
        let now = (self.clock)();
        let admitted = self.circuit().admit(now);
        match admitted {
            Ok(pass) => Ok(Call { breaker: self, pass: Some(pass) }),
            Err(cause) => Err(TransportError::NotSent(format!("the circuit breaker is open: {cause}"))),
        }
    }

    /// A panic while the lock is held (the random source may panic) leaves the circuit as it was before or after a change.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<T: Transport> Transport for CircuitBreaker<T> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let call = self.admit()?;
        let result = self.inner.send(request).await;
        call.ended(result.as_ref().map(http::Response::status));
        result
    }

    fn breaker(&self) -> BreakerState {
        self.state()
    }
}

/// A call in progress. If it is dropped early, by cancellation or a panic, it still reports: otherwise a lost probe
/// would leave the breaker half-open for ever.
struct Call<'a, T> {
    breaker: &'a CircuitBreaker<T>,
    pass: Option<Pass>,
}

impl<T> Call<'_, T> {
    fn ended(mut self, result: Result<StatusCode, &TransportError>) {
        let Some(pass) = self.pass.take() else { return };
        let failure = match result {
            Ok(status) => refusal(status),
            Err(error) => Some(Failure::unanswered(error.to_string())),
        };
        let now = (self.breaker.clock)();
        let mut circuit = self.breaker.circuit();
        match failure {
            None => circuit.answered(&pass, now),
            Some(failure) => circuit.failed(&pass, failure, now),
        }
    }
}

impl<T> Call<'_, T> {
    fn withdrawn(mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.circuit().withdrawn(&pass);
        }
    }
}

impl<T> Drop for Call<'_, T> {
    fn drop(&mut self) {
        let Some(pass) = self.pass.take() else { return };
        let now = (self.breaker.clock)();
        let waited = now.duration_since(pass.began()).unwrap_or_default();
        let mut circuit = self.breaker.circuit();
        if waited < self.breaker.patience {
            circuit.withdrawn(&pass);
        } else {
            let cause = format!("a call was given up after {} ms without an answer", waited.as_millis());
            circuit.failed(&pass, Failure::unanswered(cause), now);
        }
    }
}

/// Statuses that say that the API is not there: from a proxy in its place, or from the API itself when it serves nobody.
fn refusal(status: StatusCode) -> Option<Failure> {
    match status {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Some(Failure::refused(format!("the API answered {status}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
