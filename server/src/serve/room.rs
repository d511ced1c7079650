//! Tracks who waits for a connection to end, and which connections are idle.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot::{self, Receiver, Sender};

/// The idle connections of one listener, and the number of waiters.
#[derive(Default)]
pub(super) struct Room {
    idle: Mutex<IdleConnections>,
    wanted: AtomicUsize,
}

#[derive(Default)]
struct IdleConnections {
    last: u64,
    /// In the order in which they became idle.
    by_age: BTreeMap<u64, Sender<()>>,
}

impl Room {
    /// Ends the connection that has been idle for longest, if there is one. While the returned value exists, each
    /// connection ends with its next answer.
    pub(super) fn want(self: &Arc<Self>) -> Wanted {
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let mut idle = self.idle();
        // A connection that has just begun a request no longer listens.
        while let Some((_, end)) = idle.by_age.pop_first() {
            if end.send(()).is_ok() {
                break;
            }
        }
        drop(idle);
        Wanted(Arc::clone(self))
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }

    /// Marks this connection as idle until the returned value is dropped.
    pub(super) fn idle_connection(self: &Arc<Self>) -> Idle {
        let (end, ended) = oneshot::channel();
        let mut idle = self.idle();
        idle.last += 1;
        let number = idle.last;
        idle.by_age.insert(number, end);
        drop(idle);
        Idle { room: Arc::clone(self), number, ended }
    }

    fn idle(&self) -> MutexGuard<'_, IdleConnections> {
        // No code leaves the value half changed while it holds the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiter for a connection.
pub(super) struct Wanted(Arc<Room>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.wanted.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An idle connection.
pub(super) struct Idle {
    room: Arc<Room>,
    number: u64,
    /// Receives the request to end.
    pub(super) ended: Receiver<()>,
}

impl Drop for Idle {
    fn drop(&mut self) {
        // Otherwise the end of the sender would wake the task of this connection, which is at work on a request: it would
        // be polled once more for nothing, and the runtime would wake another thread to help it.
        self.ended.close();
        self.room.idle().by_age.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::Pin;
    use std::task::{Context, Wake, Waker};

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_connection_that_begins_a_request_is_not_woken_by_it() {
        let (room, woken) = (Arc::new(Room::default()), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut idle = room.idle_connection();
        assert!(Pin::new(&mut idle.ended).poll(&mut context).is_pending());
        drop(idle);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        let mut idle = room.idle_connection();
        assert!(Pin::new(&mut idle.ended).poll(&mut context).is_pending());
        drop(room.want());
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "one that has to end is woken");
    }

    #[test]
    fn the_oldest_idle_connection_ends_and_nobody_else() {
        let room = Arc::new(Room::default());
        drop(room.want());
        let [mut first, busy, mut third, mut fourth] = [(); 4].map(|()| room.idle_connection());
        // A request to end that came before any connection was idle has no effect.
        assert!(first.ended.try_recv().is_err());
        drop(busy);
        let wanted = [room.want(), room.want()];
        assert!(room.is_wanted());
        assert!(first.ended.try_recv().is_ok() && third.ended.try_recv().is_ok());
        assert!(fourth.ended.try_recv().is_err());
        drop(wanted);
        assert!(!room.is_wanted());
    }
}
