//! What was seen of each key: the evidence for retiring an old secret.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::KeyId;
use crate::SessionId;

/// About 10 MB. Further sessions are not counted, and the evidence says so.
const MAX_COUNTED_SESSIONS: usize = 100_000;

/// What a key of the ring does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// It seals.
    Sealing,
    /// It is new: it unseals now, and will seal from a given time on.
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
    /// Since when sessions are observed: since the first one arrived. `None` if none has.
    pub watched_since: Option<SystemTime>,
    /// When a session last arrived under the key.
    pub last_seen: Option<SystemTime>,
    /// How many sessions last arrived under this key.
    pub sessions: usize,
    /// Whether there were more sessions than could be counted.
    pub sessions_is_a_lower_bound: bool,
}

impl KeyEvidence {
    /// Whether the secret can be removed from the list without signing anybody out: it is old, and sessions were
    /// observed for an idle timeout in which none arrived under it.
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
    /// The key under which each session last arrived, and when.
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
