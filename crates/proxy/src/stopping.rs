use http::request::Parts;
use tokio_util::sync::CancellationToken;

/// Is in the extensions of a request, and is cancelled once the process is told to stop. Event streams and WebSockets end
/// then. Without it they hold up the process until they are cut off.
#[derive(Debug, Clone)]
pub struct Stopping(pub CancellationToken);

/// Completes once the process stops. Never, if nobody has said how that is known.
pub(crate) fn stopped(parts: &Parts) -> impl Future<Output = ()> + Send + use<> {
    let stopping = parts.extensions.get().map(|Stopping(stopping)| stopping.clone());
    async move {
        match stopping {
            Some(stopping) => stopping.cancelled().await,
            None => std::future::pending().await,
        }
    }
}
