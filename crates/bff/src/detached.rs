use tokio::sync::oneshot;
use tracing::Instrument as _;

use crate::Bff;

/// SECURITY: runs `work` in its own task, so that no closed connection can interrupt two steps that belong together.
/// `None` if the task was dropped because the server is stopping.
pub(crate) fn run_detached<T, W>(bff: &Bff, work: W) -> impl Future<Output = Option<T>> + Send + use<T, W>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let task = async move {
        // If nobody waits for the answer any more, that is no failure.
        let _ = answer.send(work.await);
    };
    bff.spawn(Box::pin(task.in_current_span()));
    async move { answered.await.ok() }
}
