//! The keys that are derived from the secrets, in the order of the secrets, and their replacement in a running process.

mod keys;
mod sightings;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

pub use keys::KeyId;
pub(crate) use keys::Keys;
pub use sightings::{KeyEvidence, KeyRole};

use crate::{Clock, Secret, SecretError, SessionId};
use sightings::Sightings;

/// Long enough for every replica to notice a changed secret file.
const DEFAULT_SEALING_DELAY: Duration = Duration::from_mins(5);

/// One or more secrets: the newest seals, all of them unseal.
///
/// Clones share the same ring. [`replace`](Self::replace) and [`reload`](Self::reload) change it for all of them in a
/// running process. [`evidence`](Self::evidence) tells when an old secret can be removed.
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
    sealing_delay: Duration,
}

struct Shared {
    ring: RwLock<Arc<Ring>>,
    sightings: Mutex<Sightings>,
}

/// One state of the ring. It never changes and is only replaced, so that a request sees the same state throughout.
struct Ring {
    entries: Vec<Entry>,
    /// Present if a key may have to wait before it seals.
    clock: Option<Clock>,
}

struct Entry {
    keys: Arc<Keys>,
    /// Before this time the key only unseals. `None`: it does not wait.
    seals_from: Option<SystemTime>,
}

/// Why a list of secrets is not a [`KeyRing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The list is empty.
    #[error("at least one session secret is needed; make one with `openssl rand -hex 32`")]
    Empty,
    /// One entry of the list is not a secret.
    #[error("session secret number {position}: {error}")]
    Secret {
        /// Its place in the list, counted from 1.
        position: usize,
        /// What is wrong with it.
        error: SecretError,
    },
    /// The list has the same secret twice.
    #[error("session secret number {position} repeats an earlier one")]
    Repeated {
        /// The place of the repetition, counted from 1.
        position: usize,
    },
}

impl KeyRing {
    /// A ring of these secrets, the newest first.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] if there is no secret, or the same one twice.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, KeyRingError> {
        let entries = derive_all(secrets)?.into_iter().map(|keys| Entry { keys, seals_from: None }).collect();
        let ring = RwLock::new(Arc::new(Ring { entries, clock: None }));
        let shared = Arc::new(Shared { ring, sightings: Mutex::default() });
        Ok(Self { shared, sealing_delay: DEFAULT_SEALING_DELAY })
    }

    /// A ring from a comma-separated list in the form of [`Secret::parse`], the newest first.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] with the place in the list. It never contains the text itself.
    pub fn parse(list: &str) -> Result<Self, KeyRingError> {
        Self::new(parse_list(list)?)
    }

    /// How long a new secret only unseals; 5 minutes by default. This must be longer than the replicas take to load a
    /// changed list, so that none of them meets a key that it does not know.
    #[must_use]
    pub fn with_sealing_delay(self, sealing_delay: Duration) -> Self {
        Self { sealing_delay, ..self }
    }

    /// States, at the start of a process, since when each key has been known to any process that seals or unseals
    /// here. It applies to all clones of the ring. Call it before the first value is sealed, and after
    /// [`with_sealing_delay`](Self::with_sealing_delay).
    ///
    /// Without this call, the newest key seals at once, and a process that starts during a change of secrets seals with
    /// a key that others have not loaded yet. With it,
    ///
    /// - a single secret seals at once, because there is no other;
    /// - of several, the first one in the list that has been known for longer than the delay seals;
    /// - if none has, the last one in the list seals until the delay of another one is over; during a change of
    ///   secrets, every process has that last one;
    /// - a key counts as known since now if nothing is known about it (`None`), or if the time is in the future.
    ///
    /// A deployment whose very first list has several secrets seals with the last one during the delay. It looks the
    /// same as an old deployment whose evidence was lost. There this rule matters; here it costs nothing, because every
    /// process has the whole list.
    #[must_use]
    pub fn seals_after(self, known_since: impl Fn(KeyId) -> Option<SystemTime>, clock: &Clock) -> Self {
        let now = clock();
        {
            let mut ring = self.shared.ring.write().unwrap_or_else(PoisonError::into_inner);
            let entry = |entry: &Entry| {
                let since = known_since(entry.keys.id).map_or(now, |since| since.min(now));
                let seals_from = Some(since + self.sealing_delay).filter(|from| *from > now);
                Entry { keys: Arc::clone(&entry.keys), seals_from }
            };
            let mut entries: Vec<Entry> = ring.entries.iter().map(entry).collect();
            if entries.iter().all(|entry| entry.seals_from.is_some())
                && let Some(last) = entries.last_mut()
            {
                last.seals_from = None;
            }
            *ring = Arc::new(Ring { entries, clock: Some(Arc::clone(clock)) });
        }
        self
    }

    /// What each key does now, in the order of the ring.
    pub fn roles(&self) -> Vec<(KeyId, KeyRole)> {
        let ring = self.snapshot();
        let sealing = ring.sealing_position();
        let role = |(position, entry): (usize, &Entry)| match entry.seals_from {
            _ if position == sealing => (entry.keys.id, KeyRole::Sealing),
            Some(from) if position < sealing => (entry.keys.id, KeyRole::Pending { from }),
            _ => (entry.keys.id, KeyRole::Old),
        };
        ring.entries.iter().enumerate().map(role).collect()
    }

    /// Replaces the secrets, for all clones of the ring. Returns whether that changed anything.
    ///
    /// A new secret unseals at once and seals after the delay. Until then the newest secret that may seal continues to
    /// do so. If none of the old secrets stays, the first new one seals at once.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`]; the ring stays unchanged.
    pub fn replace(
        &self,
        secrets: impl IntoIterator<Item = Secret>,
        clock: &Clock,
    ) -> Result<bool, KeyRingError> {
        let derived = derive_all(secrets)?;
        let mut ring = self.shared.ring.write().unwrap_or_else(PoisonError::into_inner);
        if derived.iter().map(|keys| keys.id).eq(ring.entries.iter().map(|entry| entry.keys.id)) {
            return Ok(false);
        }
        let first_seal = clock() + self.sealing_delay;
        let entry = |keys: Arc<Keys>| {
            let known = ring.entries.iter().find(|entry| entry.keys.id == keys.id);
            let seals_from = known.map_or(Some(first_seal), |entry| entry.seals_from);
            Entry { keys, seals_from }
        };
        let entries = derived.into_iter().map(entry).collect();
        *ring = Arc::new(Ring { entries, clock: Some(Arc::clone(clock)) });
        Ok(true)
    }

    /// Calls [`replace`](Self::replace) with a list in the form of [`parse`](Self::parse). Call this with the text of a
    /// secrets file whenever the file may have changed.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`]; the ring stays unchanged.
    pub fn reload(&self, list: &str, clock: &Clock) -> Result<bool, KeyRingError> {
        self.replace(parse_list(list)?, clock)
    }

    /// What was seen of each key, in the order of the ring, counting the sessions of the last `idle_timeout`.
    ///
    /// This covers only what this process saw. An old secret can be removed when it [is
    /// retirable](KeyEvidence::is_retirable) on every replica.
    pub fn evidence(&self, idle_timeout: Duration, now: SystemTime) -> Vec<KeyEvidence> {
        let roles = self.roles();
        let mut sightings = self.sightings();
        sightings.forget_before(now.checked_sub(idle_timeout));
        roles.into_iter().map(|(key_id, role)| sightings.evidence(key_id, role)).collect()
    }

    /// Records that a session arrived under a key.
    pub(crate) fn sighted(&self, key_id: KeyId, session: SessionId, now: SystemTime) {
        self.sightings().add(key_id, session, now);
    }

    pub(crate) fn sealing_keys(&self) -> Arc<Keys> {
        let ring = self.snapshot();
        Arc::clone(&ring.entries[ring.sealing_position()].keys)
    }

    /// The keys with that id, and whether a value under them may stay unchanged. If the key is newer than the sealing
    /// one, the value comes from a replica that already seals with it, and sealing it again would be a step backwards.
    pub(crate) fn find(&self, id: KeyId) -> Option<(Arc<Keys>, bool)> {
        let ring = self.snapshot();
        let position = ring.entries.iter().position(|entry| entry.keys.id == id)?;
        Some((Arc::clone(&ring.entries[position].keys), position <= ring.sealing_position()))
    }

    fn snapshot(&self) -> Arc<Ring> {
        Arc::clone(&self.shared.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sightings(&self) -> MutexGuard<'_, Sightings> {
        self.shared.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// The position of the key that seals: the first one whose delay is over. The ring is never empty.
    fn sealing_position(&self) -> usize {
        let Some(clock) = &self.clock else { return 0 };
        let now = clock();
        let may_seal = |entry: &Entry| entry.seals_from.is_none_or(|from| from <= now);
        self.entries.iter().position(may_seal).unwrap_or(0)
    }
}

fn parse_list(list: &str) -> Result<Vec<Secret>, KeyRingError> {
    if list.trim().is_empty() {
        return Err(KeyRingError::Empty);
    }
    let parse =
        |(text, position)| Secret::parse(text).map_err(|error| KeyRingError::Secret { position, error });
    list.split(',').zip(1..).map(parse).collect()
}

fn derive_all(secrets: impl IntoIterator<Item = Secret>) -> Result<Vec<Arc<Keys>>, KeyRingError> {
    let mut ring: Vec<Arc<Keys>> = Vec::new();
    for secret in secrets {
        let keys = Keys::derive(&secret);
        if ring.iter().any(|earlier| earlier.id == keys.id) {
            return Err(KeyRingError::Repeated { position: ring.len() + 1 });
        }
        ring.push(Arc::new(keys));
    }
    if ring.is_empty() { Err(KeyRingError::Empty) } else { Ok(ring) }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.snapshot().entries.iter().map(|entry| entry.keys.id)).finish()
    }
}

#[cfg(test)]
mod tests;
