use tokio::sync::oneshot;
use tracing::Instrument as _;

use crate::Bff;

/// SECURITY: in a task of its own. Between two steps that belong together no closed connection may cut. `None` where the
/// task was dropped, by a server that ends.
pub(crate) fn run_detached<T, W>(bff: &Bff, work: W) -> impl Future<Output = Option<T>> + Send + use<T, W>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let task = async move {
        // Nobody is there to answer any more: no failure.
        let _ = answer.send(work.await);
    };
    bff.spawn(Box::pin(task.in_current_span()));
    async move { answered.await.ok() }
}
