//! Single flight within the process: who comes while a refresh is under way waits for that one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

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

type Awaited = watch::Receiver<Option<Landing>>;

/// The refreshes under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<SessionKey, Awaited>>);

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionKey, Awaited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the refresh out of the list, however it ends.
struct Listed {
    shared: Arc<Shared>,
    key: SessionKey,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.flights.lock().remove(&self.key);
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
    let awaited = if let Some(awaited) = under_way {
        shared.observe(Event::Joined);
        awaited
    } else {
        let (landing, awaited) = watch::channel(None);
        flights.insert(stand.key.clone(), awaited.clone());
        let refresh =
            Refresh::new(Arc::clone(shared), caller.clone(), stand.key.clone(), stand.grant.clone(), landing);
        let listed = Listed { shared: Arc::clone(shared), key: stand.key.clone() };
        let task: Task = Box::pin(async move {
            refresh.run().await;
            drop(listed);
        });
        cancelled_with_us = begin(shared, task);
        awaited
    };
    drop(flights);
    async move {
        match cancelled_with_us {
            Some(task) => tokio::join!(landed(awaited), task).0,
            None => landed(awaited).await,
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

async fn landed(mut awaited: Awaited) -> Landing {
    match awaited.wait_for(Option::is_some).await {
        Ok(landing) => landing.clone().unwrap_or_else(|| Landing::unavailable("the refresh has no end")),
        Err(_) => Landing::unavailable("the refresh was dropped before its end"),
    }
}
