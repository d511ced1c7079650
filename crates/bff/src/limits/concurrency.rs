use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ironleaf_store::Key;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::subject::Counter;

/// So few counters are not worth looking through.
const FEW: usize = 1024;

/// Lets so many tries of one counter through at once, and has the others wait. It holds what is under way, and nothing
/// else.
#[derive(Default)]
pub(super) struct Concurrency(Mutex<HashMap<Key, Weak<Semaphore>>>);

/// One try that is under way; the next one may begin when it is dropped.
pub(super) struct Permit {
    /// The semaphore stays as long as a try of it is under way.
    _semaphore: Arc<Semaphore>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Concurrency {
    pub(super) async fn permit(&self, counter: &Counter) -> Permit {
        let width = usize::try_from(counter.allowance.failures()).unwrap_or(usize::MAX);
        self.permit_one_of(counter, width).await
    }

    /// One after the other.
    pub(super) async fn permit_alone(&self, counter: &Counter) -> Permit {
        self.permit_one_of(counter, 1).await
    }

    async fn permit_one_of(&self, counter: &Counter, width: usize) -> Permit {
        let semaphore = self.semaphore(counter, width);
        // A semaphore is never closed.
        let permit = Arc::clone(&semaphore).acquire_owned().await.ok();
        Permit { _semaphore: semaphore, _permit: permit }
    }

    fn semaphore(&self, counter: &Counter, width: usize) -> Arc<Semaphore> {
        let mut semaphores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = semaphores.get(&counter.key).and_then(Weak::upgrade) {
            return semaphore;
        }
        if semaphores.len() >= FEW && semaphores.len() == semaphores.capacity() {
            semaphores.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let semaphore = Arc::new(Semaphore::new(width.min(Semaphore::MAX_PERMITS)));
        semaphores.insert(counter.key, Arc::downgrade(&semaphore));
        semaphore
    }
}
