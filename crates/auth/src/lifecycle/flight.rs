//! Single flight within the process: who comes while a refresh is under way waits for that one.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::position::Stand;
use super::refresh::Refresh;
use super::{Rotated, Shared};
use crate::{Caller, EndReason, Event, SessionKey, Task};

/// How a refresh ended for those who wait for it.
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

/// One refresh, as those see it who wait for it. It wakes them in the order in which they came, which a watch channel does
/// not: a simulation that is to go the same way twice depends on it.
#[derive(Default)]
pub(super) struct Flight {
    landing: OnceLock<Landing>,
    landed: Notify,
    trouble: OnceLock<()>,
    troubled: Notify,
}

impl Flight {
    /// Answers whoever waits, once.
    pub(super) fn land(&self, landing: Landing) {
        if self.landing.set(landing).is_ok() {
            self.landed.notify_waiters();
        }
    }

    /// Something has gone wrong, and the refresh goes on.
    pub(super) fn note_trouble(&self) {
        if self.trouble.set(()).is_ok() {
            self.troubled.notify_waiters();
        }
    }

    async fn trouble(&self) {
        // As with the landing.
        let troubled = self.troubled.notified();
        if self.trouble.get().is_none() {
            troubled.await;
        }
    }

    async fn landed(&self) -> Landing {
        // Before the look, so that a landing in between is not missed.
        let landed = self.landed.notified();
        if let Some(landing) = self.landing.get() {
            return landing.clone();
        }
        landed.await;
        self.landing.get().cloned().unwrap_or_else(|| Landing::unavailable("the refresh has no end"))
    }
}

/// The refreshes under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<SessionKey, Arc<Flight>>>);

impl Flights {
    pub(super) fn has(&self, key: &SessionKey) -> bool {
        self.lock().contains_key(key)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the refresh out of the list, however it ends.
struct Listed {
    shared: Arc<Shared>,
    key: SessionKey,
    flight: Arc<Flight>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.flights.lock().remove(&self.key);
        self.flight.land(Landing::unavailable("the refresh was dropped before its end"));
    }
}

/// A refresh under way, for one who waits. Dropping it leaves the refresh alone.
pub(super) struct Joined {
    flight: Arc<Flight>,
    cancelled_with_us: Option<Task>,
}

impl Joined {
    /// How it ends, if it does within `patience`, or within `while_healthy` in all as long as nothing goes wrong with it.
    pub(super) async fn wait(self, patience: Duration, while_healthy: Duration) -> Option<Landing> {
        let Self { flight, cancelled_with_us } = self;
        let landing = async {
            match cancelled_with_us {
                Some(task) => tokio::join!(biased; flight.landed(), task).0,
                None => flight.landed().await,
            }
        };
        let mut landing = pin!(landing);
        if let Ok(landing) = timeout(patience, &mut landing).await {
            return Some(landing);
        }
        let landed = timeout(while_healthy.saturating_sub(patience), landing);
        tokio::select! {
            biased;
            landing = landed => landing.ok(),
            () = flight.trouble() => None,
        }
    }
}

/// Joins the refresh of this session and rotation, or begins it.
pub(super) fn join(shared: &Arc<Shared>, caller: &Caller, stand: &Stand) -> Joined {
    let mut flights = shared.flights.lock();
    let under_way = flights.get(&stand.key).cloned();
    #[cfg(feature = "mutants")]
    let under_way = under_way.filter(|_| !crate::mutants::is_active(crate::mutants::Mutant::NoSingleFlight));
    let mut cancelled_with_us: Option<Task> = None;
    let flight = if let Some(flight) = under_way {
        shared.observe(Event::Joined);
        flight
    } else {
        let flight = Arc::new(Flight::default());
        flights.insert(stand.key.clone(), Arc::clone(&flight));
        let (key, grant) = (stand.key.clone(), stand.grant.clone());
        let refresh =
            Refresh::new(Arc::clone(shared), caller.clone(), key, grant, stand.shown, Arc::clone(&flight));
        let listed =
            Listed { shared: Arc::clone(shared), key: stand.key.clone(), flight: Arc::clone(&flight) };
        let task: Task = Box::pin(async move {
            let is_settled = refresh.run().await;
            // From here on who comes begins anew.
            drop(listed);
            if !is_settled {
                refresh.see_through().await;
            }
        });
        drop(flights);
        cancelled_with_us = begin(shared, task);
        flight
    };
    Joined { flight, cancelled_with_us }
}

/// SECURITY: a task of its own. With the request a closed connection would cancel it after the token was consumed.
fn begin(shared: &Shared, task: Task) -> Option<Task> {
    #[cfg(feature = "mutants")]
    if crate::mutants::is_active(crate::mutants::Mutant::ClosedConnectionCancels) {
        return Some(task);
    }
    (shared.settings.spawner)(task);
    None
}
