//! Single flight within the process: who comes while a refresh is under way waits for that one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

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
}

impl Flight {
    /// Answers whoever waits, once.
    pub(super) fn land(&self, landing: Landing) {
        if self.landing.set(landing).is_ok() {
            self.landed.notify_waiters();
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

/// Joins the refresh of this session and rotation, or begins it. Dropping the future leaves the refresh alone.
pub(super) fn join(
    shared: &Arc<Shared>,
    caller: &Caller,
    stand: &Stand,
) -> impl Future<Output = Landing> + use<> {
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
    async move {
        match cancelled_with_us {
            Some(task) => tokio::join!(biased; flight.landed(), task).0,
            None => flight.landed().await,
        }
    }
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
