//! One refresh: take the lease, read the head, mark it `Presented`, call the provider, commit.

mod commit;
mod in_its_place;
mod leave;
mod pace;
mod presentation;
mod steps;

use std::sync::Arc;

use super::flights::{Flight, Landing};
use super::shared::Shared;
use crate::{Caller, EndReason, Grant, Head, HeadState, Rejection, SessionKey};

pub(super) struct Refresh {
    shared: Arc<Shared>,
    caller: Caller,
    key: SessionKey,
    grant: Grant,
    /// Whether a cookie of this rotation has come. The request that started this may have come with an older one.
    shown: bool,
    flight: Arc<Flight>,
}

impl Refresh {
    pub(super) fn new(
        shared: Arc<Shared>,
        caller: Caller,
        key: SessionKey,
        grant: Grant,
        shown: bool,
        flight: Arc<Flight>,
    ) -> Self {
        Self { shared, caller, key, grant, shown, flight }
    }

    /// The same refresh, for a task that nobody waits for.
    fn alone(&self, shown: bool) -> Self {
        let (shared, flight) = (Arc::clone(&self.shared), Arc::default());
        Self::new(shared, self.caller.clone(), self.key.clone(), self.grant.clone(), shown, flight)
    }

    /// Answers every waiting request, once.
    fn land(&self, landing: Landing) {
        self.flight.land(landing);
    }

    fn head(&self, state: HeadState, shown: bool) -> Head {
        let grant = Some(self.grant.clone());
        Head { rotation: self.key.rotation(), state, not_before: None, grant, shown }
    }

    fn dead(&self, reason: EndReason) -> Head {
        Head { grant: None, ..self.head(HeadState::Dead(reason), true) }
    }

    /// This is logged as information: tokens expire and are revoked in normal operation.
    fn log_end(&self, rejection: Rejection) {
        let (provider, rotation) = (self.shared.provider().name(), self.key.rotation());
        tracing::info!(provider, rotation, ?rejection, "the provider ended a session");
    }

    fn log(&self, what: &'static str, detail: &str) {
        let (provider, rotation) = (self.shared.provider().name(), self.key.rotation());
        tracing::warn!(provider, rotation, detail, "{what}");
    }
}
