//! Writing the head: compared with what was read, never over something newer.

use std::time::Duration;

use tokio::time::Instant;

use super::flight::Landing;
use super::position::{Position, settle};
use super::refresh::Refresh;
use super::{Rotated, Shared};
use crate::{EndReason, Event, Grant, Head, HeadState, HeadVersion, SessionKey};

/// Waiters are answered without a commit after this long: a page is worth more than the certainty that a late tab finds its
/// way, and the refresh goes on trying for them.
const ANSWER_WITHOUT_COMMIT: Duration = Duration::from_secs(1);

/// A store that is away for longer is not waited for; what it does not know then is in the cookies.
const GIVE_UP: Duration = Duration::from_mins(10);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the record is expected to be when it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// As it was read; `None` is no record.
    As(Option<HeadVersion>),
    /// It has to be read first.
    Unknown,
}

pub(super) enum Put {
    Done(HeadVersion),
    Overtaken,
    Unreachable,
}

impl Shared {
    pub(super) async fn put(&self, session: &SessionKey, found: Option<HeadVersion>, head: &Head) -> Put {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoHead) {
            return Put::Done(HeadVersion([0; 16]));
        }
        match self.heads().write(session, found, head, self.keep(head)).await {
            Ok(Some(version)) => Put::Done(version),
            Ok(None) => {
                self.observe(Event::Overtaken);
                Put::Overtaken
            }
            Err(error) => {
                self.observe(Event::StoreUnreachable);
                tracing::warn!(%error, "a head was not written");
                Put::Unreachable
            }
        }
    }
}

/// What stands in the place of the head that was to be written.
enum InItsPlace {
    /// Something that ends this refresh.
    Landing(Landing, Ended),
    /// Something older, to be written over.
    Older(Option<HeadVersion>),
    /// The mark of something as new or newer, whose grant was shown and forgotten since.
    Forgotten,
    Unreachable,
}

#[derive(PartialEq, Eq)]
enum Ended {
    Meanwhile,
    No,
}

impl Refresh {
    /// Makes the new grant known, then answers. A new grant is never dropped because the store is slow.
    pub(super) async fn commit(&self, rotated: Grant, mut found: Found) -> Landing {
        let rotation = self.key.rotation() + 1;
        let head = Head { rotation, state: HeadState::Idle, grant: Some(rotated.clone()), shown: false };
        let renewed = Landing::Renewed(Rotated { rotation, grant: rotated.clone() });
        self.answer_before_commit(&renewed).await;
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let put = match found {
                Found::As(version) => self.shared.put(&self.key, version, &head).await,
                Found::Unknown => Put::Overtaken,
            };
            let in_its_place = match put {
                Put::Done(_) => {
                    self.shared.observe(Event::Refreshed);
                    return renewed;
                }
                Put::Overtaken => self.in_its_place().await,
                Put::Unreachable => InItsPlace::Unreachable,
            };
            match in_its_place {
                InItsPlace::Older(version) => found = Found::As(version),
                // SECURITY: nothing is given back. This grant may be the very one that was forgotten, and in use: another
                // replica got it by the same repeated refresh, while this one could not reach the store.
                InItsPlace::Forgotten => return renewed,
                InItsPlace::Landing(landing, ended) => {
                    if ended == Ended::Meanwhile {
                        self.give_back(&rotated).await;
                    }
                    return landing;
                }
                InItsPlace::Unreachable => {
                    self.shared.observe(Event::CommitRetried);
                    if begun.elapsed() > ANSWER_WITHOUT_COMMIT {
                        self.land(renewed.clone());
                    }
                    if begun.elapsed() > GIVE_UP {
                        tracing::error!(
                            rotation,
                            "a head could not be written; older tabs of this session are lost"
                        );
                        return renewed;
                    }
                    self.shared.pause(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    // It may have been written all the same.
                    found = Found::Unknown;
                }
            }
        }
    }

    async fn in_its_place(&self) -> InItsPlace {
        let Ok(kept) = self.shared.read(&self.key).await else {
            return InItsPlace::Unreachable;
        };
        match settle(&self.key, &self.grant, kept) {
            Position::Over(EndReason::Superseded) => InItsPlace::Forgotten,
            Position::Over(reason) => InItsPlace::Landing(Landing::Ended(reason), Ended::Meanwhile),
            Position::Elsewhere { .. } => {
                let detail = "a newer grant is sealed under a key that is not known here";
                InItsPlace::Landing(Landing::unavailable(detail), Ended::No)
            }
            Position::At(stand) => match stand.newest() {
                Some(newest) => InItsPlace::Landing(Landing::Renewed(newest), Ended::No),
                None => InItsPlace::Older(stand.version),
            },
        }
    }

    /// The session ended while its refresh was under way: what the provider has just issued must not stay unused.
    async fn give_back(&self, rotated: &Grant) {
        let told = self.shared.provider().sign_out(&self.caller, rotated).await;
        self.shared.observe(if told.failure.is_none() { Event::Revoked } else { Event::RevocationFailed });
        if let Some(failure) = told.failure {
            tracing::warn!(%failure, "a grant issued to a session that ended meanwhile could not be revoked");
        }
    }

    /// Writes the state that a refresh without a new grant leaves behind. Tells whether a newer one was found instead.
    pub(super) async fn leave(&self, found: HeadVersion, head: &Head) -> Option<Landing> {
        let mut found = Some(found);
        loop {
            match self.shared.put(&self.key, found, head).await {
                // Unwritten it stays `Presented`, and whoever comes next is an heir and finds the same.
                Put::Done(_) | Put::Unreachable => return None,
                Put::Overtaken => match self.in_its_place().await {
                    InItsPlace::Landing(landing, _) => return Some(landing),
                    InItsPlace::Forgotten => return Some(Landing::Ended(EndReason::Superseded)),
                    InItsPlace::Older(version) => found = version,
                    InItsPlace::Unreachable => return None,
                },
            }
        }
    }

    #[cfg(feature = "mutants")]
    async fn answer_before_commit(&self, renewed: &Landing) {
        if crate::mutants::is_active(crate::mutants::Mutant::HeadAfterAnswer) {
            self.land(renewed.clone());
            self.shared.pause(Duration::from_secs(2)).await;
        }
    }

    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_async, reason = "with the feature `mutants` it waits")]
    async fn answer_before_commit(&self, _: &Landing) {}
}
