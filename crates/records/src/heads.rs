use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    EndReason, Grant, Head, HeadState, HeadVersion, Heads, HeadsError, Keep, KeptHead, SessionKey,
};
use ironleaf_session::{Owner, Purpose, UnsealError};
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Holder, Key, Limit, Record, StoreError, Version, Written,
};

use crate::Records;
use crate::encoding::{Unreadable, decode_body, decode_mark, encode_body, encode_mark};
use crate::ends::NOT_KEPT;
use crate::keys::{ended_owner_key, head_key};
use crate::tombstone::Grave;

/// Stands for a head that a newer version has written: it exists, but cannot be opened here.
const OF_A_NEWER_VERSION: Head =
    Head { rotation: u64::MAX, state: HeadState::Idle, not_before: None, grant: None, shown: false };

/// Stands for an altered head: it says nothing, and the next cookie repairs it.
const ALTERED: Head =
    Head { rotation: 0, state: HeadState::Idle, not_before: None, grant: None, shown: true };

/// Stands for the head of a session that is not kept, and whose end was reported.
const TOLD: KeptHead = KeptHead {
    version: NOT_KEPT,
    head: Head { state: HeadState::Dead(EndReason::SignedOut), ..ALTERED },
    sealed_elsewhere: false,
};

impl Records {
    /// A grant that is sealed under an unknown key or in an unknown version does not count as missing: otherwise a
    /// session would end, or a token would be presented twice. An altered grant is lost, and waiting for it gains
    /// nothing.
    pub(crate) fn open_head(&self, key: &Key, record: &Record) -> KeptHead {
        let version = HeadVersion(*record.version.as_bytes());
        let mut head = match decode_mark(&record.mark) {
            Ok(head) => head,
            Err(Unreadable::Newer) => {
                tracing::warn!("the head of a session has an unknown version");
                return KeptHead { version, head: OF_A_NEWER_VERSION, sealed_elsewhere: true };
            }
            Err(Unreadable::Altered(error)) => {
                tracing::error!(%error, "the mark of a session was altered in the store");
                return KeptHead { version, head: ALTERED, sealed_elsewhere: false };
            }
        };
        let opened = record.body.as_ref().map(|body| self.open_body(key, head.rotation, body));
        let sealed_elsewhere = matches!(opened, Some(Opened::Elsewhere));
        if let Some(Opened::Grant(grant)) = opened {
            head.grant = Some(*grant);
        }
        KeptHead { version, head, sealed_elsewhere }
    }

    fn open_body(&self, key: &Key, rotation: u64, body: &[u8]) -> Opened {
        let sealed = str::from_utf8(body).map_err(|_| UnsealError::Malformed);
        match sealed.and_then(|sealed| self.sealer.unseal(Purpose::Head, &context(key), sealed)) {
            Ok(unsealed) => match decode_body(rotation, &unsealed.plaintext) {
                Ok(grant) => Opened::Grant(Box::new(grant)),
                Err(Unreadable::Newer) => {
                    tracing::warn!("the grant of a session has an unknown version");
                    Opened::Elsewhere
                }
                Err(Unreadable::Altered(error)) => {
                    tracing::error!(%error, "the head of a session does not contain a grant");
                    Opened::Lost
                }
            },
            Err(error @ (UnsealError::UnknownKey | UnsealError::UnknownVersion)) => {
                tracing::warn!(%error, "the head of a session was sealed with a secret that this process does not have");
                Opened::Elsewhere
            }
            Err(error) => {
                tracing::error!(%error, "the head of a session was altered or moved in the store");
                Opened::Lost
            }
        }
    }

    fn draft(&self, key: &Key, head: &Head, keep: Keep) -> Draft {
        let body = head.grant.as_ref().map(|grant| {
            let sealed = self.sealer.seal(Purpose::Head, &context(key), &encode_body(head.rotation, grant));
            let is_over = matches!(head.state, HeadState::Ending { .. } | HeadState::Dead(_));
            let eviction = if head.shown || is_over { Eviction::First } else { Eviction::Last };
            Body { bytes: sealed.into_bytes(), ttl: keep.grant, eviction }
        });
        // That the grant was shown only frees space, so a power cut may forget it.
        let is_note = head.shown && head.state == HeadState::Idle;
        let durability = if is_note { Durability::Relaxed } else { Durability::Synced };
        Draft { mark: encode_mark(head), mark_ttl: keep.mark, body, durability }
    }

    /// The end of a session without a head creates a new record, so the number of these is limited for each owner.
    async fn may_write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
    ) -> Result<bool, StoreError> {
        if expected == Some(NOT_KEPT) {
            return Ok(false);
        }
        let is_end = matches!(head.state, HeadState::Ending { .. } | HeadState::Dead(_));
        match session.subject().filter(|_| is_end && expected.is_none()) {
            Some(subject) => {
                let owner = Owner::from_bytes(subject.owner);
                let session = head_key(session.id());
                self.admit_end(&owner, session, subject.created_at, reason_of(head)).await
            }
            None => Ok(true),
        }
    }

    /// Handles a write for a head that is not kept. Only one caller records that everybody was told.
    async fn instead_of(&self, session: &SessionKey, head: &Head) -> Result<Option<HeadVersion>, StoreError> {
        let Some(subject) = session.subject().filter(|_| matches!(head.state, HeadState::Dead(_))) else {
            return Ok(Some(NOT_KEPT));
        };
        let (owner, key) = (Owner::from_bytes(subject.owner), head_key(session.id()));
        Ok(self.note_told(&owner, key, subject.created_at).await?.then_some(NOT_KEPT))
    }

    /// Whether the session was forgotten, as one of too many, while its end was being reported.
    async fn was_forgotten(&self, session: &SessionKey, head: &Head) -> Result<bool, StoreError> {
        let is_end = matches!(head.state, HeadState::Dead(reason) if !reason.is_of_one_rotation());
        let Some(subject) = session.subject().filter(|_| is_end) else { return Ok(false) };
        let keys = [head_key(session.id()), ended_owner_key(&Owner::from_bytes(subject.owner))];
        Ok(match self.store.read(&keys).await?.as_slice() {
            [None, Some(grave)] => {
                Grave::decode(&grave.mark).end_of(&head_key(session.id()), subject.created_at).is_some()
            }
            _ => false,
        })
    }
}

enum Opened {
    Grant(Box<Grant>),
    Elsewhere,
    Lost,
}

const fn reason_of(head: &Head) -> EndReason {
    match head.state {
        HeadState::Ending { reason, .. } | HeadState::Dead(reason) => reason,
        _ => EndReason::SignedOut,
    }
}

#[async_trait]
impl Heads for Records {
    async fn read(&self, session: &SessionKey) -> Result<Option<KeptHead>, HeadsError> {
        let key = head_key(session.id());
        let records = self.store.read(&[key]).await.map_err(|error| unreachable(&error))?;
        match (records.into_iter().next().flatten(), session.subject()) {
            (Some(record), _) => Ok(Some(self.open_head(&key, &record))),
            (None, Some(subject)) => {
                let owner = Owner::from_bytes(subject.owner);
                let is_told = self.is_told(&owner, key, subject.created_at).await;
                Ok(is_told.map_err(|error| unreachable(&error))?.then_some(TOLD))
            }
            (None, None) => Ok(None),
        }
    }

    async fn ended(&self, session: &SessionKey, grant: &Grant) -> Result<Option<EndReason>, HeadsError> {
        let Some(subject) = session.subject() else { return Ok(None) };
        let owner = Owner::from_bytes(subject.owner);
        let renewed = grant.provider_sid.as_deref().filter(|_| grant.provider_sid != subject.provider_sid);
        let sids = subject.provider_sid.as_deref().into_iter().chain(renewed);
        let graves = self.graves(&owner, sids).await;
        let graves = graves.map_err(|error| unreachable(&error))?;
        let key = head_key(session.id());
        let ended = graves.into_iter().find_map(|grave| grave.end_of(&key, subject.created_at));
        Ok(ended.map(|(reason, _)| reason))
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        if !self.may_write(session, expected, head).await.map_err(|error| unreachable(&error))? {
            return self.instead_of(session, head).await.map_err(|error| unreachable(&error));
        }
        let key = head_key(session.id());
        let expected = expected
            .map_or(Expected::Absent, |HeadVersion(bytes)| Expected::Version(Version::from_bytes(bytes)));
        let mut written = self.store.write(&key, expected, self.draft(&key, head, keep)).await;
        // A full disk or Redis may have space again in a moment. So the grant is kept here and tried again, as while
        // the store is away. Its mark alone might find space, and would claim that somebody has a grant that nobody
        // received.
        if let Err(StoreError::Full(Limit::Size)) = written
            && !keep.only_with_grant
        {
            tracing::error!(
                limit = %Limit::Size,
                "the store is full: a grant is not kept, and older tabs of its session will be signed out"
            );
            // A cookie with that grant may be on its way. Without it, nobody may conclude that none ever came.
            let known = Head { shown: true, ..head.clone() };
            let mark_alone = Draft { body: None, ..self.draft(&key, &known, keep) };
            written = self.store.write(&key, expected, mark_alone).await;
        }
        match written.map_err(|error| unreachable(&error))? {
            Written::Done(version) => Ok(Some(HeadVersion(*version.as_bytes()))),
            Written::Conflict if self.was_forgotten(session, head).await.is_ok_and(|forgotten| forgotten) => {
                self.instead_of(session, head).await.map_err(|error| unreachable(&error))
            }
            Written::Conflict => Ok(None),
        }
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &ironleaf_auth::Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        let acquired = self.store.acquire(&head_key(session.id()), &Holder::from_bytes(*holder), life).await;
        acquired.map_err(|error| unreachable(&error))
    }

    async fn release(&self, session: &SessionKey, holder: &ironleaf_auth::Holder) -> Result<(), HeadsError> {
        let released = self.store.release(&head_key(session.id()), &Holder::from_bytes(*holder)).await;
        released.map_err(|error| unreachable(&error))
    }
}

/// The record's own key, so that a record that was moved in the store does not open.
fn context(key: &Key) -> String {
    hex::encode(key.as_bytes())
}

fn unreachable(error: &StoreError) -> HeadsError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    HeadsError(format!("{error}{cause}"))
}
