//! What a browser holds, and what is known of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::jar::Jar;
use crate::checker::SessionRef;
use crate::core_api::PersonId;
use crate::glass::Glance;
use crate::world::World;

pub(crate) struct Browser {
    pub(super) world: Arc<World>,
    pub(super) person: PersonId,
    state: Mutex<State>,
}

#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) jar: Jar,
    /// Whose cookie is in the jar.
    pub(super) session: Option<SessionRef>,
    /// The person has seen that it is over; the cookie may still be there.
    pub(super) over: bool,
    /// What is in that cookie.
    pub(super) glance: Option<Glance>,
    /// Since when it is there.
    pub(super) held_since: Duration,
    /// Since when its tokens are known.
    pub(super) tokens_since: Duration,
    pub(super) requests: u32,
    /// The request whose answer arrived last.
    pub(super) last_arrived: u32,
}

impl Browser {
    pub(crate) fn new(world: Arc<World>, person: PersonId) -> Self {
        Self { world, person, state: Mutex::default() }
    }

    /// Another browser with a copy of all cookies.
    pub(crate) fn copy(&self) -> Arc<Self> {
        let state = Mutex::new(self.state().clone());
        Arc::new(Self { world: Arc::clone(&self.world), person: self.person, state })
    }

    /// The cookies of the copy in place of those here.
    pub(crate) fn restore(&self, copy: &Self) {
        let old = copy.state().clone();
        let mut state = self.state();
        (state.jar, state.session, state.glance, state.over) = (old.jar, old.session, old.glance, old.over);
        (state.held_since, state.tokens_since) = (old.held_since, old.tokens_since);
    }

    /// The session whose cookie is here, as far as the person knows.
    pub(crate) fn session(&self) -> Option<SessionRef> {
        let state = self.state();
        state.session.filter(|_| !state.over)
    }

    /// Whether there is a session cookie, over or not.
    pub(crate) fn has_cookie(&self) -> bool {
        self.state().glance.is_some()
    }

    /// How often the tokens in the cookie here were renewed.
    pub(crate) fn generation(&self) -> u64 {
        self.state().glance.map_or(0, |glance| glance.generation)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
