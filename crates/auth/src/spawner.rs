use std::pin::Pin;
use std::sync::Arc;

/// Something that has to run to its end, whatever becomes of the request that began it.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a [`Task`]. A server that shuts down waits for those it was given.
pub type Spawner = Arc<dyn Fn(Task) + Send + Sync>;

/// Runs tasks on the present tokio runtime, which nobody waits for.
pub fn tokio_spawner() -> Spawner {
    Arc::new(|task| {
        tokio::spawn(task);
    })
}
