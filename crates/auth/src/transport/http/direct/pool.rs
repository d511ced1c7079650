//! The connections that are kept.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::uri::Authority;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::link::Link;

/// Connections without a request.
pub(super) struct Pool {
    idle_timeout: Duration,
    links: Mutex<Links>,
    /// Tells those who wait for a connection that there is another one.
    more: Notify,
}

#[derive(Default)]
struct Links {
    /// Those of each host, the one that was used last at the end.
    idle: HashMap<Authority, Vec<Idle>>,
    /// Whether a task closes those that are not used.
    are_swept: bool,
}

struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    pub(super) fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, links: Mutex::default(), more: Notify::new() }
    }

    /// The connection that was used last, because the others may end.
    pub(super) fn take(&self, authority: &Authority) -> Option<Link> {
        loop {
            let Idle { mut link, since } = self.links().idle.get_mut(authority)?.pop()?;
            if since.elapsed() < self.idle_timeout && link.is_free() {
                return Some(link);
            }
        }
    }

    /// Waits for a connection that another request gives back.
    pub(super) async fn freed(&self, authority: &Authority) -> Link {
        loop {
            let mut more = pin!(self.more.notified());
            // From here on, nothing that is put is missed.
            more.as_mut().enable();
            if let Some(link) = self.take(authority) {
                return link;
            }
            more.await;
        }
    }

    /// Keeps a connection that is free.
    pub(super) fn put(self: &Arc<Self>, authority: Authority, link: Link) {
        // Where no runtime is left, nobody would close it.
        let Ok(runtime) = Handle::try_current() else { return };
        link.rests();
        let mut links = self.links();
        links.idle.entry(authority).or_default().push(Idle { link, since: Instant::now() });
        if !std::mem::replace(&mut links.are_swept, true) {
            runtime.spawn(sweep(Arc::downgrade(self), self.idle_timeout));
        }
        drop(links);
        self.more.notify_waiters();
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that were not used for too long, until there are none.
#[expect(clippy::disallowed_methods, reason = "no request waits for it")]
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        sleep(idle_timeout).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut links = pool.links();
        links.idle.retain(|_, idle| {
            idle.retain(|idle| idle.since.elapsed() < idle_timeout);
            !idle.is_empty()
        });
        if links.idle.is_empty() {
            links.are_swept = false;
            return;
        }
    }
}
