use std::pin::Pin;
use std::sync::Arc;

/// Work that has to run to its end, whatever happens to the request that started it.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a [`Task`]. A server that shuts down waits for the tasks it was given.
pub type Spawner = Arc<dyn Fn(Task) + Send + Sync>;

/// Runs tasks on the current tokio runtime. Nothing waits for them.
pub fn tokio_spawner() -> Spawner {
    Arc::new(|task| {
        tokio::spawn(task);
    })
}
