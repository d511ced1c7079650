//! Learns which sessions have ended while streams of them are open: with one question for all of them, not with one for
//! each stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ironleaf_bff::{CoreApi, EndedSessions, StreamSession};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How soon a stream ends after its session.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// How many sessions are asked about at once. Each has three or four keys in the store.
const ASKED_TOGETHER: usize = 256;

/// The sessions with open streams.
#[derive(Clone, Default)]
pub(crate) struct Ends(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    by_id: HashMap<[u8; 16], Watched>,
    is_asking: bool,
}

struct Watched {
    session: StreamSession,
    is_over: watch::Sender<bool>,
}

impl Ends {
    /// Completes once the session is over.
    pub(crate) fn end_of(
        &self,
        person: &CoreApi,
        session: StreamSession,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut state = self.state();
        let watched = state
            .by_id
            .entry(session.id())
            .or_insert_with(|| Watched { session, is_over: watch::Sender::new(false) });
        let mut is_over = watched.is_over.subscribe();
        if !state.is_asking {
            state.is_asking = true;
            tokio::spawn(Asking(self.clone()).ask(person.ended_sessions()));
        }
        drop(state);
        async move {
            // The sender is dropped only after it has said so.
            let _ = is_over.wait_for(|is_over| *is_over).await;
        }
    }

    /// The sessions that still have streams.
    fn watched(&self) -> Vec<StreamSession> {
        let mut state = self.state();
        state.by_id.retain(|_, watched| watched.is_over.receiver_count() > 0);
        state.by_id.values().map(|watched| watched.session.clone()).collect()
    }

    fn end(&self, session: &StreamSession) {
        if let Some(watched) = self.state().by_id.remove(&session.id()) {
            watched.is_over.send_replace(true);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks as long as there is a stream. Should it panic, the next stream begins it again.
struct Asking(Ends);

impl Asking {
    async fn ask(self, ended: EndedSessions) {
        let Self(ends) = &self;
        loop {
            sleep_until(Instant::now() + ASKED_EVERY).await;
            let sessions = ends.watched();
            if sessions.is_empty() && self.may_rest() {
                return;
            }
            for sessions in sessions.chunks(ASKED_TOGETHER) {
                let is_over = ended.among(sessions).await;
                let over = sessions.iter().zip(is_over).filter(|(_, is_over)| *is_over);
                over.for_each(|(session, _)| ends.end(session));
            }
        }
    }

    /// Whether no stream has begun meanwhile. The next one begins the questions again.
    fn may_rest(&self) -> bool {
        let mut state = self.0.state();
        state.is_asking = !state.by_id.is_empty();
        !state.is_asking
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut state = self.0.state();
        // After a rest, another task may ask already.
        if std::thread::panicking() {
            state.is_asking = false;
        }
    }
}
