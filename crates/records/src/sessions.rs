//! The index of a person's sessions: when each began and was last seen, at which address and with which browser.
//!
//! It is for the person to look at, and no decision depends on it: heads and tombstones say which sessions are over. So
//! a session whose entry is lost continues, and is listed again once it is seen.

mod encoding;
mod known;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ironleaf_auth::HeadState;
use ironleaf_session::{Identity, Owner, Purpose, SessionId, UnsealError};
use ironleaf_store::{Entry, EntryDraft, Key, Record, StoreError};

use self::encoding::{decode, encode};
pub use self::known::{KnownSession, SessionName};
use crate::Records;
use crate::encoding::decode_mark;
use crate::keys::{
    ended_owner_key, ended_provider_sid_key, ended_session_key, head_key, session_name, sessions_key,
};
use crate::tombstone::Grave;

/// How many records one call reads. Most people have fewer sessions than this has room for.
const READ_AT_ONCE: usize = 512;

/// How many bytes of the name of a browser are kept. Real ones are shorter.
const USER_AGENT_MAX_BYTES: usize = 300;

/// What a request shows of the session that it came with.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// When it came.
    pub at: SystemTime,
    /// The browser's address, if it is known.
    pub address: Option<IpAddr>,
    /// The `User-Agent` of the browser. A part of it is kept.
    pub user_agent: &'a str,
    /// What the provider's own list tells the session from others by, if there is one. A hash of a few bytes.
    pub provider_mark: Option<&'a str>,
}

impl Records {
    /// Notes that a session was seen, for as long as the session can last without being seen again. If that was noted
    /// within `good_for`, here or by another replica, nothing is written. Returns whether it was written.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. Nobody but the list misses the note.
    pub async fn note_session(
        &self,
        session: &Identity,
        seen: &Seen<'_>,
        idle_timeout: Duration,
        good_for: Duration,
    ) -> Result<bool, StoreError> {
        let known = KnownSession {
            id: session.id,
            created_at: session.created_at,
            last_seen: seen.at,
            address: seen.address.map(|address| address.to_canonical()),
            user_agent: start_of(seen.user_agent).to_owned(),
            provider_mark: seen.provider_mark.map(str::to_owned),
            provider_sid: session.provider_sid.as_deref().map(ended_provider_sid_key),
        };
        let left = self.cookies_left(session.created_at, seen.at);
        let (index, name) = (sessions_key(&session.owner), session_name(session.id.as_bytes()));
        let value = self.sealer.seal(Purpose::Head, &context(&index, &name), &encode(&known)).into_bytes();
        let draft = EntryDraft { value, ttl: left.min(idle_timeout), unless_within: good_for };
        self.store.put_entry(&index, &name, draft).await
    }

    /// The person's sessions that are not over, in no order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    pub async fn sessions(&self, owner: &Owner) -> Result<Vec<KnownSession>, StoreError> {
        let (living, over) = self.listed(owner).await?;
        self.forget(owner, over).await;
        Ok(living)
    }

    /// One of the person's sessions, if there is one of this name that is not over.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    pub async fn session(
        &self,
        owner: &Owner,
        name: SessionName,
    ) -> Result<Option<KnownSession>, StoreError> {
        Ok(self.listed(owner).await?.0.into_iter().find(|session| session.name() == name))
    }

    /// Removes the entry of a session that is over.
    pub(crate) async fn forget_session(&self, owner: &Owner, session: SessionId) {
        self.forget(owner, vec![session_name(session.as_bytes())]).await;
    }

    /// Removes the entries of sessions that ended together.
    pub(crate) async fn forget_ended_sessions(&self, owner: &Owner) {
        match self.listed(owner).await {
            Ok((_, over)) => self.forget(owner, over).await,
            Err(error) => not_forgotten(&error),
        }
    }

    /// A session that is over is not listed, whether its entry is there or not.
    async fn forget(&self, owner: &Owner, names: Vec<Key>) {
        if names.is_empty() {
            return;
        }
        if let Err(error) = self.store.remove_entries(&sessions_key(owner), &names).await {
            not_forgotten(&error);
        }
    }

    /// The sessions that live, and the names of those that are over.
    async fn listed(&self, owner: &Owner) -> Result<(Vec<KnownSession>, Vec<Key>), StoreError> {
        let index = sessions_key(owner);
        let entries = self.store.entries(&index).await?;
        let sessions: Vec<_> = entries.iter().filter_map(|entry| self.open_session(&index, entry)).collect();
        if sessions.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let records = self.read_all(&keys_of(owner, &sessions)).await?;
        let (living, over): (Vec<_>, Vec<_>) =
            sessions.into_iter().partition(|session| !is_over(owner, session, &records));
        Ok((living, over.iter().map(|session| session_name(session.id.as_bytes())).collect()))
    }

    /// An entry that is sealed under an unknown key or in an unknown version is left to those who know it.
    fn open_session(&self, index: &Key, entry: &Entry) -> Option<KnownSession> {
        let sealed = str::from_utf8(&entry.value).map_err(|_| UnsealError::Malformed);
        let unsealed =
            sealed.and_then(|sealed| self.sealer.unseal(Purpose::Head, &context(index, &entry.name), sealed));
        match unsealed {
            Ok(unsealed) => decode(&unsealed.plaintext),
            Err(UnsealError::UnknownKey | UnsealError::UnknownVersion) => None,
            Err(error) => {
                tracing::error!(%error, "an entry of a person's sessions was altered or moved in the store");
                None
            }
        }
    }

    async fn read_all(&self, keys: &[Key]) -> Result<HashMap<Key, Record>, StoreError> {
        let mut all = HashMap::new();
        for keys in keys.chunks(READ_AT_ONCE) {
            let records = self.store.read(keys).await?;
            all.extend(keys.iter().zip(records).filter_map(|(key, record)| Some((*key, record?))));
        }
        Ok(all)
    }

    /// How long a cookie of a session that began then can still arrive.
    fn cookies_left(&self, created_at: SystemTime, now: SystemTime) -> Duration {
        let end = created_at + self.limits.absolute_timeout;
        end.duration_since(now).unwrap_or_default()
    }
}

/// The records that say whether these sessions are over.
fn keys_of(owner: &Owner, sessions: &[KnownSession]) -> Vec<Key> {
    let mut keys = vec![ended_owner_key(owner)];
    for session in sessions {
        keys.extend([head_key(session.id.as_bytes()), ended_session_key(session.id.as_bytes())]);
        keys.extend(session.provider_sid);
    }
    keys
}

/// As [`Ledger::standing`](ironleaf_session::Ledger::standing) decides, as far as it does not depend on the cookie.
fn is_over(owner: &Owner, session: &KnownSession, records: &HashMap<Key, Record>) -> bool {
    let head = head_key(session.id.as_bytes());
    let graves =
        [Some(ended_owner_key(owner)), Some(ended_session_key(session.id.as_bytes())), session.provider_sid];
    let graves = graves.into_iter().flatten().filter_map(|key| records.get(&key));
    let is_buried = graves
        .map(|record| Grave::decode(&record.mark))
        .any(|grave| grave.end_of(&head, session.created_at).is_some());
    let state = records.get(&head).and_then(|record| decode_mark(&record.mark).ok()).map(|head| head.state);
    let has_ended = matches!(state, Some(HeadState::Ending { .. } | HeadState::Dead(_)));
    is_buried || has_ended
}

fn not_forgotten(error: &StoreError) {
    tracing::warn!(error = error.detail(), "an ended session is still in the index of its person's sessions");
}

/// The place of an entry, so that one that was moved, or given to another person, does not open.
fn context(index: &Key, name: &Key) -> String {
    format!("{}/{}", hex::encode(index.as_bytes()), hex::encode(name.as_bytes()))
}

/// The start of a text, cut between two characters.
fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(USER_AGENT_MAX_BYTES)]
}
