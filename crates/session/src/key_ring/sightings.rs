//! What was seen of each key: the evidence on which an old secret is retired.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::KeyId;
use crate::SessionId;

/// Some 10 MB. More sessions than this are not counted, which the evidence says.
const MAX_COUNTED_SESSIONS: usize = 100_000;

/// What a key of the ring does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// It seals.
    Sealing,
    /// It is new; it unseals now, and seals from then on.
    Pending {
        /// When it begins to seal.
        from: SystemTime,
    },
    /// It only unseals.
    Old,
}

/// What this process saw of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEvidence {
    /// The key.
    pub key_id: KeyId,
    /// What it does now.
    pub role: KeyRole,
    /// Since when sessions are watched: since the first one that came. `None` if none came yet.
    pub watched_since: Option<SystemTime>,
    /// When a session last came under the key.
    pub last_seen: Option<SystemTime>,
    /// How many sessions came last under this key.
    pub sessions: usize,
    /// Whether there were more sessions than are counted.
    pub sessions_is_a_lower_bound: bool,
}

impl KeyEvidence {
    /// Whether the secret can be taken out of the list without signing anyone out: it is old, and for an idle
    /// timeout no session came under it although they were watched.
    pub fn is_retirable(&self, idle_timeout: Duration, now: SystemTime) -> bool {
        let unseen_since = self.last_seen.or(self.watched_since);
        let unseen_for = unseen_since.and_then(|since| now.duration_since(since).ok());
        self.role == KeyRole::Old && unseen_for.is_some_and(|unseen_for| unseen_for >= idle_timeout)
    }
}

#[derive(Default)]
pub(super) struct Sightings {
    watched_since: Option<SystemTime>,
    last_seen: HashMap<KeyId, SystemTime>,
    /// The key under which each session came last, and when.
    sessions: HashMap<SessionId, (KeyId, SystemTime)>,
    overflowed: bool,
}

impl Sightings {
    pub(super) fn add(&mut self, key_id: KeyId, session: SessionId, now: SystemTime) {
        self.watched_since.get_or_insert(now);
        self.last_seen.insert(key_id, now);
        if self.sessions.len() < MAX_COUNTED_SESSIONS || self.sessions.contains_key(&session) {
            self.sessions.insert(session, (key_id, now));
        } else {
            self.overflowed = true;
        }
    }

    pub(super) fn forget_before(&mut self, time: Option<SystemTime>) {
        let Some(time) = time else { return };
        self.sessions.retain(|_, (_, seen)| *seen > time);
        self.overflowed &= self.sessions.len() >= MAX_COUNTED_SESSIONS;
    }

    pub(super) fn evidence(&self, key_id: KeyId, role: KeyRole) -> KeyEvidence {
        KeyEvidence {
            key_id,
            role,
            watched_since: self.watched_since,
            last_seen: self.last_seen.get(&key_id).copied(),
            sessions: self.sessions.values().filter(|(key, _)| *key == key_id).count(),
            sessions_is_a_lower_bound: self.overflowed,
        }
    }
}
