//! Single flight within the process: a request that comes during a refresh waits for that refresh.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::flights::{Flight, Landing};
use super::position::Stand;
use super::refresh::Refresh;
use super::shared::Shared;
use crate::{Caller, Event, SessionKey, Task};

/// Removes the refresh from the list, however it ends.
struct Listed {
    shared: Arc<Shared>,
    key: SessionKey,
    flight: Arc<Flight>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.flights.lock().remove(&self.key);
        self.flight.land(Landing::unavailable("the refresh was dropped before it ended"));
    }
}

/// A refresh in progress, for one request that waits. Dropping this does not affect the refresh.
pub(super) struct Joined {
    flight: Arc<Flight>,
    cancelled_with_us: Option<Task>,
}

impl Joined {
    /// Waits for the end of the refresh. Returns `None` after `patience`, or after `while_healthy` in total if nothing
    /// has gone wrong.
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

/// Joins the refresh of this session and rotation, or starts it.
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
            // From here on, a new request starts a new refresh.
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

/// SECURITY: the refresh runs in its own task. Within the request, a closed connection would cancel it after the token
/// was consumed.
fn begin(shared: &Shared, task: Task) -> Option<Task> {
    #[cfg(feature = "mutants")]
    if crate::mutants::is_active(crate::mutants::Mutant::ClosedConnectionCancels) {
        return Some(task);
    }
    (shared.settings.spawner)(task);
    None
}
