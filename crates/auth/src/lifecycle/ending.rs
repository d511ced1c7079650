//! The end of a session at the provider: under the lease, after any refresh that is under way, with the newest grant.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Shared;
use super::commit::Put;
use super::lease::Asked;
use super::position::{Position, settle};
use crate::{Caller, EndReason, Event, Grant, Head, HeadState, SessionKey, SignOut};

/// A provider that cannot be reached is told again after these pauses.
const TELL_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)];

struct Ending {
    shared: Arc<Shared>,
    caller: Caller,
    key: SessionKey,
    grant: Grant,
    reason: EndReason,
}

pub(super) fn begin(
    shared: Arc<Shared>,
    caller: Caller,
    key: SessionKey,
    grant: Grant,
    reason: EndReason,
) -> impl Future<Output = SignOut> + Send + use<> {
    let (answer, answered) = oneshot::channel();
    let spawner = Arc::clone(&shared.settings.spawner);
    let ending = Ending { shared, caller, key, grant, reason };
    spawner(Box::pin(async move { ending.run(answer).await }));
    async move { answered.await.unwrap_or_default() }
}

impl Ending {
    async fn run(self, answer: oneshot::Sender<SignOut>) {
        let deadline = Instant::now() + self.shared.settings.patience.refresh;
        match self.shared.lease(&self.key, deadline).await {
            Asked::Held(lease) => {
                self.shared.holding(&self.key, &lease, self.tell(answer)).await;
                self.shared.release(&self.key, lease).await;
            }
            Asked::Busy | Asked::Unreachable => self.tell(answer).await,
        }
    }

    async fn tell(&self, answer: oneshot::Sender<SignOut>) {
        let Some(newest) = self.bury().await else {
            let _ = answer.send(SignOut::default());
            return;
        };
        let provider = self.shared.provider();
        let mut told = provider.sign_out(&self.caller, &newest).await;
        let mut failed = self.report(&told);
        // Whoever waits learns of the first try.
        let _ = answer.send(SignOut { redirect: told.redirect.take(), failure: told.failure.take() });
        for pause in TELL_AGAIN_AFTER {
            if !failed {
                break;
            }
            self.shared.pause(pause).await;
            told = provider.sign_out(&self.caller, &newest).await;
            failed = self.report(&told);
        }
        provider.on_end(&newest, self.reason).await;
    }

    /// Marks the head dead, so that no request refreshes any more, and takes the newest grant out of it. `None` if the
    /// session was dead already.
    async fn bury(&self) -> Option<Grant> {
        loop {
            let Ok(kept) = self.shared.read(&self.key).await else {
                return Some(self.grant.clone());
            };
            let (key, newest, version) = match settle(&self.key, &self.grant, kept) {
                Position::Over(EndReason::Superseded) => return Some(self.grant.clone()),
                Position::Over(_) => return None,
                Position::At(stand) => (stand.key, stand.grant, stand.version),
            };
            let head = Head {
                rotation: key.rotation(),
                state: HeadState::Dead(self.reason),
                grant: None,
                shown: true,
            };
            if !matches!(self.shared.put(&key, version, &head).await, Put::Overtaken) {
                return Some(newest);
            }
        }
    }

    fn report(&self, told: &SignOut) -> bool {
        let provider = self.shared.provider().name();
        self.shared.observe(if told.failure.is_none() { Event::Revoked } else { Event::RevocationFailed });
        if let Some(failure) = &told.failure {
            tracing::warn!(provider, %failure, "the provider could not be told that a session ended");
        }
        told.failure.is_some()
    }
}
