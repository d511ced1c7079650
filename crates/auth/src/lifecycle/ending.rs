//! The end of a session at the provider: under the lease, after any refresh that is under way, with the newest grant.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Shared;
use super::commit::Put;
use super::lease::Asked;
use super::position::{Phase, Position, settle};
use crate::{
    Caller, EndReason, Event, Grant, Head, HeadState, ReuseCost, SessionKey, SignOut, TransportError,
};

/// A provider that cannot be reached is told again after these pauses.
const TELL_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)];

/// The newest grant there is.
struct Newest {
    grant: Grant,
    /// Whether its refresh token is known not to have been presented.
    unspent: bool,
}

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
                self.shared.holding(&self.key, &lease, self.tell(answer, true)).await;
                self.shared.release(&self.key, lease).await;
            }
            Asked::Busy | Asked::Unreachable => self.tell(answer, false).await,
        }
    }

    async fn tell(&self, answer: oneshot::Sender<SignOut>, alone: bool) {
        let Some(Newest { grant, unspent }) = self.bury().await else {
            let _ = answer.send(SignOut::default());
            return;
        };
        let provider = self.shared.provider();
        // SECURITY: where reuse ends every session of the person, a token that may be spent is not shown to the provider.
        let everybody_would_pay = provider.reuse_cost() == ReuseCost::Person;
        if everybody_would_pay && !(alone && unspent) {
            let detail =
                "the refresh token may be spent; its reuse would end the person's other sessions".to_owned();
            let told = SignOut { redirect: None, failure: Some(TransportError::NotSent(detail)) };
            self.report(&told);
            let _ = answer.send(told);
            provider.on_end(&grant, self.reason).await;
            return;
        }
        let mut told = provider.sign_out(&self.caller, &grant).await;
        let mut failed = self.report(&told);
        let mut may_repeat = !everybody_would_pay || matches!(told.failure, Some(TransportError::NotSent(_)));
        // Whoever waits learns of the first try.
        let _ = answer.send(SignOut { redirect: told.redirect.take(), failure: told.failure.take() });
        for pause in TELL_AGAIN_AFTER {
            if !failed || !may_repeat {
                break;
            }
            self.shared.pause(pause).await;
            told = provider.sign_out(&self.caller, &grant).await;
            failed = self.report(&told);
            may_repeat = !everybody_would_pay || matches!(told.failure, Some(TransportError::NotSent(_)));
        }
        provider.on_end(&grant, self.reason).await;
    }

    /// Marks the head dead, so that no request refreshes any more, and takes the newest grant out of it. `None` if the
    /// session was dead already.
    async fn bury(&self) -> Option<Newest> {
        let unsure = || Newest { grant: self.grant.clone(), unspent: false };
        loop {
            let Ok(kept) = self.shared.read(&self.key).await else {
                return Some(unsure());
            };
            let (rotation, newest, version) = match settle(&self.key, &self.grant, kept) {
                Position::Over(EndReason::Superseded) => return Some(unsure()),
                Position::Over(_) => return None,
                Position::Elsewhere { rotation, version } => (rotation, unsure(), Some(version)),
                Position::At(stand) => {
                    let unspent = stand.phase == Phase::Idle;
                    (stand.key.rotation(), Newest { grant: stand.grant, unspent }, stand.version)
                }
            };
            let head = Head { rotation, state: HeadState::Dead(self.reason), grant: None, shown: true };
            if !matches!(self.shared.put(&self.key, version, &head).await, Put::Overtaken) {
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
