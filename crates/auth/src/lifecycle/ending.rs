//! Ends a session at the provider: under the lease, after any refresh that is in progress, with the newest grant.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::lease::LeaseOutcome;
use super::shared::Shared;
use super::write::Put;
use crate::{
    Caller, EndReason, Event, Grant, Head, HeadState, HeadVersion, KeptHead, Repetition, SessionKey,
    TransportError,
};

/// If the provider cannot be reached, it is told again after these pauses. A process that is closing waits only for the short ones.
const TELL_AGAIN_AFTER: [Duration; 7] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(10),
    Duration::from_mins(15),
];
const LONG_PAUSE: Duration = Duration::from_mins(1);

/// A replica that lacks a key used by others should receive it within this time. Until then it checks every
/// `KEY_PAUSE`; after that it tells the provider about the grant that it knows.
const KEY_PATIENCE: Duration = Duration::from_mins(10);
const KEY_PAUSE: Duration = Duration::from_secs(20);

/// The newest grant there is.
struct Newest {
    grant: Grant,
    /// Its rotation.
    rotation: u64,
    /// Whether it is certain that its refresh token was not presented.
    unspent: bool,
}

/// What the head says once the session has ended.
struct Buried {
    newest: Newest,
    /// Why it ended; the first reason counts.
    reason: EndReason,
    /// The version of the record that says so. `None` if it could not be written.
    version: Option<HeadVersion>,
}

enum Burial {
    As(Buried),
    /// The session was over, and everybody who needed to be told had been told.
    Over,
    /// The newest grant is sealed under a key that is not known here.
    Elsewhere,
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
) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
    let (answer, answered) = oneshot::channel();
    let spawner = Arc::clone(&shared.settings.spawner);
    let ending = Ending { shared, caller, key, grant, reason };
    spawner(Box::pin(async move { ending.run(answer).await }));
    async move { answered.await.unwrap_or(Ok(())) }
}

/// The grant belongs to no session, so there is no head to mark, and nobody else can present the grant.
pub(super) fn give_back(
    shared: Arc<Shared>,
    caller: Caller,
    grant: Grant,
) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
    let (answer, answered) = oneshot::channel();
    let spawner = Arc::clone(&shared.settings.spawner);
    spawner(Box::pin(async move {
        shared.sign_out(&caller, &grant, answer).await;
        shared.provider().on_end(&grant, EndReason::Replaced).await;
    }));
    async move { answered.await.unwrap_or(Ok(())) }
}

type Answer = oneshot::Sender<Result<(), TransportError>>;

impl Ending {
    async fn run(self, answer: Answer) {
        let mut answer = Some(answer);
        let begun = Instant::now();
        while self.try_once(&mut answer, begun.elapsed() < KEY_PATIENCE).await.is_continue() {
            // The session ends in any case, so the caller need not wait for the key.
            let _ = answer.take().map(|answer| answer.send(Ok(())));
            if self.shared.pause_unless_closing(KEY_PAUSE).await.is_break() {
                return;
            }
        }
    }

    /// Returns `Continue` if the grant to revoke cannot be opened here and `may_wait` allows waiting for the key.
    async fn try_once(&self, answer: &mut Option<Answer>, may_wait: bool) -> ControlFlow<()> {
        let deadline = Instant::now() + self.shared.settings.time_limits.refresh;
        match self.shared.lease(&self.key, deadline).await {
            LeaseOutcome::Held(lease) => {
                let told = self.shared.holding(&self.key, &lease, self.tell(answer, true, may_wait)).await;
                self.shared.release(&self.key, lease).await;
                told
            }
            LeaseOutcome::Busy | LeaseOutcome::Unreachable => self.tell(answer, false, may_wait).await,
        }
    }

    async fn tell(&self, answer: &mut Option<Answer>, alone: bool, may_wait: bool) -> ControlFlow<()> {
        let (mut buried, answer) = match self.bury(may_wait).await {
            Burial::Elsewhere => return ControlFlow::Continue(()),
            Burial::Over => {
                let _ = answer.take().map(|answer| answer.send(Ok(())));
                return ControlFlow::Break(());
            }
            // If `answer` is gone, whoever waited has been answered already.
            Burial::As(buried) => (buried, answer.take().unwrap_or_else(|| oneshot::channel().0)),
        };
        let is_gone = [self.reason, buried.reason].contains(&EndReason::AccountDeleted);
        if is_gone && self.shared.provider().tokens_end_with_account() {
            let _ = answer.send(Ok(()));
            self.close(buried).await;
            return ControlFlow::Break(());
        }
        let provider = self.shared.provider();
        let Newest { grant, unspent, .. } = &buried.newest;
        // SECURITY: if reuse ends every session of the person, a token that may be spent is not sent to the provider.
        let others_would_pay = provider.repetition(grant) == Repetition::Never;
        let may_tell = !others_would_pay || (alone && *unspent && self.claim(&mut buried).await);
        if may_tell {
            self.shared.sign_out(&self.caller, &buried.newest.grant, answer).await;
        } else {
            let detail =
                "the refresh token may be spent; its reuse would end the person's other sessions".to_owned();
            let told = Err(TransportError::NotSent(detail));
            self.shared.report(&told);
            let _ = answer.send(told);
        }
        self.close(buried).await;
        ControlFlow::Break(())
    }

    /// Writes down that the refresh token may be presented from now on, because a provider may refresh to sign out. If
    /// this process ends in the middle of that, nobody presents the token again. Returns whether it is written.
    async fn claim(&self, buried: &mut Buried) -> bool {
        let Buried { newest: Newest { grant, rotation, .. }, reason, version: Some(version) } = &*buried
        else {
            return false;
        };
        let state = HeadState::Ending { reason: *reason, unspent: false };
        let grant = Some(grant.clone());
        let head = Head { rotation: *rotation, state, not_before: None, grant, shown: false };
        let Put::Done(written) = self.shared.put(&self.key, Some(*version), &head).await else {
            return false;
        };
        buried.version = Some(written);
        true
    }

    /// Marks the session as ending, so that no request refreshes any more, and returns the newest grant.
    async fn bury(&self, may_wait: bool) -> Burial {
        loop {
            let Ok(kept) = self.shared.read(&self.key).await else { return Burial::As(self.unwritten()) };
            let Some(newest) = self.newest(kept.as_ref()) else { return Burial::Over };
            // Overwriting a head that cannot be opened here would take its grant from the replicas that can revoke it.
            let is_newer = kept.as_ref().is_some_and(|kept| kept.head.rotation > self.key.rotation());
            if may_wait && is_newer && kept.as_ref().is_some_and(|kept| kept.sealed_elsewhere) {
                return Burial::Elsewhere;
            }
            if let Some(KeptHead {
                version,
                head: Head { state: HeadState::Ending { reason, .. }, .. },
                ..
            }) = kept
            {
                // The first reason stays, whatever else is found out about the session afterwards.
                return Burial::As(Buried { newest, reason, version: Some(version) });
            }
            let state = HeadState::Ending { reason: self.reason, unspent: newest.unspent };
            let grant = Some(newest.grant.clone());
            let head = Head { rotation: newest.rotation, state, not_before: None, grant, shown: false };
            match self.shared.put(&self.key, kept.map(|kept| kept.version), &head).await {
                Put::Done(version) => {
                    return Burial::As(Buried { newest, reason: self.reason, version: Some(version) });
                }
                Put::Unreachable => return Burial::As(self.unwritten()),
                Put::Overtaken => {}
            }
        }
    }

    fn unwritten(&self) -> Buried {
        Buried { newest: self.own(false), reason: self.reason, version: None }
    }

    fn own(&self, unspent: bool) -> Newest {
        Newest { grant: self.grant.clone(), rotation: self.key.rotation(), unspent }
    }

    /// The newest grant; `None` if the session is dead.
    fn newest(&self, kept: Option<&KeptHead>) -> Option<Newest> {
        let Some(KeptHead { head, .. }) = kept else {
            return Some(self.own(true));
        };
        let is_newer = head.rotation > self.key.rotation();
        let is_own = head.rotation == self.key.rotation();
        let unspent = match head.state {
            HeadState::Idle => true,
            HeadState::Presented { .. } | HeadState::InDoubt { .. } => false,
            HeadState::Ending { unspent, .. } => unspent,
            HeadState::Dead(reason) if reason.is_of_one_rotation() && head.rotation < self.key.rotation() => {
                true
            }
            HeadState::Dead(_) => return None,
        };
        Some(match &head.grant {
            Some(grant) if is_newer => Newest { grant: grant.clone(), rotation: head.rotation, unspent },
            // The grant that followed the cookie's is forgotten, or sealed under a key that is not known here. The
            // cookie's own token is spent.
            None if is_newer => Newest { rotation: head.rotation, ..self.own(false) },
            _ if is_own => self.own(unspent),
            _ => self.own(true),
        })
    }

    /// Marks the session dead, since everybody who needed to be told was told. Reports the end unless somebody else has
    /// written the head.
    async fn close(&self, buried: Buried) {
        let Buried { newest, reason, version } = buried;
        let state = HeadState::Dead(reason);
        let head = Head { rotation: newest.rotation, state, not_before: None, grant: None, shown: true };
        let put = match version {
            Some(version) => self.shared.put(&self.key, Some(version), &head).await,
            None => Put::Unreachable,
        };
        if !matches!(put, Put::Overtaken) {
            self.shared.provider().on_end(&newest.grant, reason).await;
        }
    }
}

impl Shared {
    /// Tells the provider, and repeats that as long as it costs nobody anything. The caller that waits gets the result
    /// of the first attempt.
    async fn sign_out(&self, caller: &Caller, grant: &Grant, answer: Answer) {
        let provider = self.provider();
        let others_would_pay = provider.repetition(grant) == Repetition::Never;
        let told = provider.sign_out(caller, grant).await;
        let is_repeatable = |told: &Result<(), TransportError>| {
            !others_would_pay || matches!(told, Err(TransportError::NotSent(_)))
        };
        let (mut failed, mut may_repeat) = (self.report(&told), is_repeatable(&told));
        let _ = answer.send(told);
        for pause in TELL_AGAIN_AFTER {
            if !failed || !may_repeat {
                break;
            }
            if pause < LONG_PAUSE {
                self.pause(pause).await;
            } else if self.pause_unless_closing(pause).await.is_break() {
                break;
            }
            let told = provider.sign_out(caller, grant).await;
            (failed, may_repeat) = (self.report(&told), is_repeatable(&told));
        }
    }

    fn report(&self, told: &Result<(), TransportError>) -> bool {
        let provider = self.provider().name();
        self.observe(if told.is_ok() { Event::Revoked } else { Event::RevocationFailed });
        if let Err(failure) = told {
            tracing::warn!(provider, %failure, "the provider could not be told that a session ended");
        }
        told.is_err()
    }
}
