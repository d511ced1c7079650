use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ironleaf_auth::{Caller, EndReason, Heads as _, SessionKey, Subject};
use ironleaf_records::{KnownSession, Principal};
use ironleaf_session::{Owner, Record};

use crate::Bff;

/// How many grants are revoked at once after an end of many sessions.
const REVOCATIONS_AT_ONCE: usize = 4;

/// The end of sessions of a person.
#[derive(Clone)]
pub(crate) struct Ending {
    pub(crate) bff: Bff,
    /// Who the provider is told that ends them.
    pub(crate) caller: Caller,
    pub(crate) owner: Owner,
    pub(crate) reason: EndReason,
}

impl Ending {
    /// The sessions whose grants may be revoked. That they end does not depend on it.
    pub(crate) async fn known(&self) -> Vec<KnownSession> {
        self.bff.records().sessions(&self.owner).await.unwrap_or_else(|error| {
            tracing::warn!(
                error = error.detail(),
                "sessions end without a list of them; their grants are revoked later"
            );
            Vec::new()
        })
    }

    /// All of them but this one.
    pub(crate) async fn known_but(&self, this: &Record<Principal>) -> Vec<KnownSession> {
        let mut known = self.known().await;
        known.retain(|session| session.id != this.id);
        known
    }

    /// Ends every session of a person who has no part in this.
    pub(crate) async fn end_all(&self) {
        let known = self.known().await;
        self.bff.bury_owner(self.owner, self.after_all(&known), self.reason).await;
        self.revoke_in_background(known);
    }

    /// The time before which each of these sessions began, also by a clock that is ahead.
    pub(crate) fn after_all(&self, sessions: &[KnownSession]) -> SystemTime {
        let newest = sessions.iter().map(|session| session.created_at).max();
        newest.max(Some(self.bff.now())).unwrap_or(SystemTime::UNIX_EPOCH) + Duration::from_millis(1)
    }

    /// Revokes the newest grants of these sessions, a few at a time. Nobody waits for it.
    pub(crate) fn revoke_in_background(&self, sessions: Vec<KnownSession>) {
        let sessions = Arc::new(sessions);
        for worker in 0..REVOCATIONS_AT_ONCE.min(sessions.len()) {
            let (ending, sessions) = (self.clone(), Arc::clone(&sessions));
            self.bff.spawn(Box::pin(async move {
                for session in sessions.iter().skip(worker).step_by(REVOCATIONS_AT_ONCE) {
                    ending.revoke(session).await;
                }
            }));
        }
    }

    /// A session that has not refreshed has its grant in its cookie alone, which tells the provider when it comes.
    async fn revoke(&self, session: &KnownSession) {
        let subject =
            Subject { owner: *self.owner.as_bytes(), provider_sid: None, created_at: session.created_at };
        let key = |rotation| SessionKey::new(session.id.as_bytes(), rotation).of(subject.clone());
        let Ok(Some(kept)) = self.bff.records().read(&key(0)).await else { return };
        let Some(grant) = kept.head.grant else { return };
        // It logs its own failures, and tells the provider again.
        let ended = self.bff.lifecycle().end(&self.caller, &key(kept.head.rotation), &grant, self.reason);
        let _ = ended.await;
    }
}
