//! The refreshes in progress in this process, for the requests that wait for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::ensured::Rotated;
use crate::{EndReason, SessionKey};

/// How a refresh ended, for the requests that wait for it.
#[derive(Debug, Clone)]
pub(super) enum Landing {
    Renewed(Rotated),
    Ended(EndReason),
    Unavailable { detail: String, retry_after: Option<Duration> },
}

impl Landing {
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable { detail: detail.into(), retry_after: None }
    }
}

/// One refresh, as seen by the requests that wait for it. It wakes them in the order in which they came. A watch
/// channel does not, and a reproducible simulation depends on the order.
#[derive(Default)]
pub(super) struct Flight {
    landing: OnceLock<Landing>,
    landed: Notify,
    trouble: OnceLock<()>,
    troubled: Notify,
}

impl Flight {
    /// Answers every waiting request, once.
    pub(super) fn land(&self, landing: Landing) {
        if self.landing.set(landing).is_ok() {
            self.landed.notify_waiters();
        }
    }

    /// Something has gone wrong, and the refresh continues.
    pub(super) fn note_trouble(&self) {
        if self.trouble.set(()).is_ok() {
            self.troubled.notify_waiters();
        }
    }

    pub(super) async fn trouble(&self) {
        // Subscribe before the check, as in `landed`.
        let troubled = self.troubled.notified();
        if self.trouble.get().is_none() {
            troubled.await;
        }
    }

    pub(super) async fn landed(&self) -> Landing {
        // Subscribe before the check, so that a landing in between is not missed.
        let landed = self.landed.notified();
        if let Some(landing) = self.landing.get() {
            return landing.clone();
        }
        landed.await;
        self.landing.get().cloned().unwrap_or_else(|| Landing::unavailable("the refresh has no result"))
    }
}

/// The refreshes in progress.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<SessionKey, Arc<Flight>>>);

impl Flights {
    pub(super) fn has(&self, key: &SessionKey) -> bool {
        self.lock().contains_key(key)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
