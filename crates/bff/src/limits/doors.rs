use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ironleaf_store::Key;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::subject::Counter;

/// So few doors are not worth looking through.
const FEW: usize = 1024;

/// Lets so many tries of one counter through at once, and has the others wait. It holds what is under way, and nothing
/// else.
#[derive(Default)]
pub(super) struct Doors(Mutex<HashMap<Key, Weak<Semaphore>>>);

/// One try that is under way; the next one may begin when it is dropped.
pub(super) struct Pass {
    /// The door stays as long as somebody is in it.
    _door: Arc<Semaphore>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Doors {
    pub(super) async fn pass(&self, counter: &Counter) -> Pass {
        let width = usize::try_from(counter.allowance.failures()).unwrap_or(usize::MAX);
        self.pass_one_of(counter, width).await
    }

    /// One after the other.
    pub(super) async fn pass_alone(&self, counter: &Counter) -> Pass {
        self.pass_one_of(counter, 1).await
    }

    async fn pass_one_of(&self, counter: &Counter, width: usize) -> Pass {
        let door = self.door(counter, width);
        // A door is never closed.
        let permit = Arc::clone(&door).acquire_owned().await.ok();
        Pass { _door: door, _permit: permit }
    }

    fn door(&self, counter: &Counter, width: usize) -> Arc<Semaphore> {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get(&counter.key).and_then(Weak::upgrade) {
            return door;
        }
        if doors.len() >= FEW && doors.len() == doors.capacity() {
            doors.retain(|_, door| door.strong_count() > 0);
        }
        let door = Arc::new(Semaphore::new(width.min(Semaphore::MAX_PERMITS)));
        doors.insert(counter.key, Arc::downgrade(&door));
        door
    }
}
