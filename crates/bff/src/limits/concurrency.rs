use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ironleaf_store::Key;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::subject::Counter;

/// Below this number, a search for unused entries is not worth its cost.
const FEW: usize = 1024;

/// Lets a limited number of tries of one counter run at once, and makes the others wait. It stores only what is under
/// way.
#[derive(Default)]
pub(super) struct Concurrency(Mutex<HashMap<Key, Weak<Semaphore>>>);

/// One try that is under way. The next one may begin when this is dropped.
pub(super) struct Permit {
    /// Keeps the semaphore alive while one of its tries is under way.
    _semaphore: Arc<Semaphore>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Concurrency {
    pub(super) async fn permit(&self, counter: &Counter) -> Permit {
        let width = usize::try_from(counter.allowance.failures()).unwrap_or(usize::MAX);
        self.permit_one_of(counter, width).await
    }

    /// Lets one run after the other.
    pub(super) async fn permit_alone(&self, counter: &Counter) -> Permit {
        self.permit_one_of(counter, 1).await
    }

    async fn permit_one_of(&self, counter: &Counter, width: usize) -> Permit {
        let semaphore = self.semaphore(counter, width);
        // This semaphore is never closed.
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
