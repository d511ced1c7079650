use async_trait::async_trait;
use ironleaf_auth::{Request, Response, Transport, TransportError};
use tokio::time::Instant;
use tracing::Instrument;

use super::names::CORE_API_SECONDS;
use super::requests::class;
use crate::telemetry::traces;

/// Measures every outgoing call and adds it to the trace. It is behind the circuit breaker, so a call that the breaker
/// refuses is not counted.
pub(crate) struct MeasuredTransport<T>(pub(crate) T);

#[async_trait]
impl<T: Transport> Transport for MeasuredTransport<T> {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        let span = traces::call(&request.method().clone(), request.headers_mut());
        let mut call = Call { began: Instant::now(), outcome: "given_up" };
        let result = self.0.send(request).instrument(span).await;
        call.outcome = match &result {
            Ok(response) => class(response.status()),
            Err(TransportError::NotSent(_)) => "not_sent",
            Err(TransportError::Interrupted(_)) => "interrupted",
        };
        result
    }
}

/// Measures when it is dropped, so that abandoned calls are counted as well.
struct Call {
    began: Instant,
    outcome: &'static str,
}

impl Drop for Call {
    fn drop(&mut self) {
        metrics::histogram!(CORE_API_SECONDS, "outcome" => self.outcome).record(self.began.elapsed());
    }
}
