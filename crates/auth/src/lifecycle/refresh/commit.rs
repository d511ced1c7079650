//! Keeps a new grant: writes it into the head, and never drops it because the store is slow.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Refresh;
use super::in_its_place::InItsPlace;
use super::pace::{FIRST_PAUSE, GIVE_UP, LONGEST_PAUSE};
use crate::lifecycle::ending;
use crate::lifecycle::ensured::Rotated;
use crate::lifecycle::flights::Landing;
use crate::lifecycle::knowledge::UnkeptGrant;
use crate::lifecycle::position::Stand;
use crate::lifecycle::write::{Found, Put};
use crate::{EndReason, Event, Grant, Head, HeadState, HeadVersion};

/// Waiting requests are answered without a commit after this time: a page is worth more than the certainty that a late
/// tab finds the new grant. The refresh keeps trying to commit.
const ANSWER_WITHOUT_COMMIT: Duration = Duration::from_secs(1);

/// How long a closing process offers a new grant to a store that does not answer. A server waits only a little longer for it.
const WHILE_CLOSING: Duration = Duration::from_secs(8);
const PAUSE_IN_AN_OUTAGE: Duration = Duration::from_secs(30);

/// The result of keeping a new grant.
enum Kept {
    As(Landing),
    /// The store did not accept it while somebody waited.
    NotYet(Rotated),
}

impl Refresh {
    /// Stores the new grant, then answers. A new grant is never dropped because the store is slow.
    pub(super) async fn commit(&self, rotated: Grant, found: Found) -> Landing {
        let newest = self.successor(rotated);
        self.answer_before_commit(&Landing::Renewed(newest.clone())).await;
        match self.keep(newest, found, self.shared.is_free(&self.grant)).await {
            Kept::As(landing) => landing,
            Kept::NotYet(newest) => {
                self.keep_later(newest.clone());
                Landing::Renewed(newest)
            }
        }
    }

    /// Continues without the lease: a process that does not learn of the new grant has a valid token, and need not wait.
    fn keep_later(&self, newest: Rotated) {
        let again = self.alone(self.shown);
        (self.shared.settings.spawner)(Box::pin(async move {
            if let Kept::As(Landing::Unavailable { detail, .. }) =
                again.keep(newest, Found::Unknown, false).await
            {
                again.log("a grant was not kept", &detail);
            }
        }));
    }

    async fn keep(&self, mut newest: Rotated, mut found: Found, only_while_waited_for: bool) -> Kept {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut place = None;
        loop {
            let in_its_place = match self.put_successor(found, &newest).await {
                Ok(()) => {
                    self.shared.observe(Event::Refreshed);
                    self.shared.knowledge.forget(&self.key);
                    return Kept::As(Landing::Renewed(newest));
                }
                Err(in_its_place) => in_its_place,
            };
            match in_its_place {
                InItsPlace::Older(stand) => found = Found::As(stand.version),
                InItsPlace::Amended(stand) => {
                    newest = self.beside(newest, &stand);
                    found = Found::As(stand.version);
                }
                // SECURITY: nothing is revoked here. This grant may be the one that is stored and in use: another
                // replica may have received it through the same repeated refresh, while this one could not reach the
                // store.
                InItsPlace::Forgotten => return Kept::As(Landing::Renewed(newest)),
                InItsPlace::Elsewhere { rotation } if rotation <= newest.rotation => {
                    return Kept::As(Landing::Renewed(newest));
                }
                InItsPlace::Elsewhere { .. } => {
                    let detail = "a newer grant is sealed under a key that is not known here";
                    return Kept::As(Landing::unavailable(detail));
                }
                InItsPlace::Newer(newer) => return Kept::As(Landing::Renewed(newer)),
                InItsPlace::Over(reason) => {
                    self.give_back(&newest.grant).await;
                    return Kept::As(Landing::Ended(reason));
                }
                InItsPlace::OverBeside { reason, version } => match self.bury(&newest, version, reason).await
                {
                    Put::Done(_) => return Kept::As(Landing::Ended(reason)),
                    Put::Overtaken => found = Found::Unknown,
                    Put::Unreachable => {
                        self.give_back(&newest.grant).await;
                        return Kept::As(Landing::Ended(reason));
                    }
                },
                InItsPlace::Unreachable => {
                    self.shared.observe(Event::CommitRetried);
                    if begun.elapsed() > ANSWER_WITHOUT_COMMIT {
                        self.land(Landing::Renewed(newest.clone()));
                        if only_while_waited_for {
                            return Kept::NotYet(newest);
                        }
                    }
                    let limit = if self.shared.is_closing() { WHILE_CLOSING } else { GIVE_UP };
                    if begun.elapsed() <= limit {
                        self.shared.pause(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    } else if self.waits_out_the_outage(begun, &mut place).await.is_break() {
                        let rotation = newest.rotation;
                        tracing::error!(
                            rotation,
                            "the head of a session could not be stored; its older tabs are lost"
                        );
                        return Kept::As(Landing::Renewed(newest));
                    }
                    // The head may have been written in spite of the error.
                    found = Found::Unknown;
                }
            }
        }
    }

    /// Waits between two attempts to keep a grant that only this process has, for as long as a cookie that needs it may
    /// come. It breaks when the process closes, when that time is over, or when too many grants wait already.
    async fn waits_out_the_outage<'a>(
        &'a self,
        begun: Instant,
        place: &mut Option<UnkeptGrant<'a>>,
    ) -> ControlFlow<()> {
        if place.is_none() {
            *place = self.shared.knowledge.unkept_grant();
        }
        if place.is_none() || begun.elapsed() > self.shared.settings.time_limits.successor {
            return ControlFlow::Break(());
        }
        self.shared.pause_unless_closing(PAUSE_IN_AN_OUTAGE).await
    }

    /// The grant of a refresh as the next rotation. It is remembered as the previous grant was, and takes a missing
    /// identity from it.
    fn successor(&self, mut rotated: Grant) -> Rotated {
        rotated.generation = self.grant.generation + 1;
        rotated.ends_with_browser = self.grant.ends_with_browser;
        if rotated.identity.is_none() {
            rotated.identity.clone_from(&self.grant.identity);
        }
        Rotated { rotation: self.key.rotation() + 1, grant: rotated }
    }

    /// The grant of a refresh combined with what another replica has learned meanwhile, as a rotation newer than both.
    fn beside(&self, newest: Rotated, amended: &Stand) -> Rotated {
        let mut grant = newest.grant;
        // An identity that the renewal brought is newer than the one that an earlier answer told.
        if grant.identity == self.grant.identity {
            grant.identity.clone_from(&amended.grant.identity);
        }
        Rotated { rotation: amended.key.rotation() + 1, grant }
    }

    async fn put_successor(&self, found: Found, newest: &Rotated) -> Result<(), InItsPlace> {
        let Found::As(version) = found else {
            return Err(self.in_its_place(newest.grant.generation).await);
        };
        // SECURITY: the end of this session may be recorded outside the head, together with that of the person's other sessions.
        match self.shared.heads().ended(&self.key, &newest.grant).await {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(InItsPlace::OverBeside { reason, version }),
            Err(_) => return Err(InItsPlace::Unreachable),
        }
        let grant = Some(newest.grant.clone());
        let head =
            Head { rotation: newest.rotation, state: HeadState::Idle, not_before: None, grant, shown: false };
        match self.shared.put(&self.key, version, &head).await {
            Put::Done(_) => Ok(()),
            Put::Overtaken => Err(self.in_its_place(newest.grant.generation).await),
            Put::Unreachable => Err(InItsPlace::Unreachable),
        }
    }

    /// Ends the session in its head, with the grant that has just been issued, and has the provider told about that
    /// grant. An older cookie may not know the identifier by which the session ended.
    async fn bury(&self, newest: &Rotated, found: Option<HeadVersion>, reason: EndReason) -> Put {
        let Rotated { rotation, grant } = newest.clone();
        let state = HeadState::Ending { reason, unspent: true };
        let head = Head { rotation, state, not_before: None, grant: Some(grant.clone()), shown: false };
        let put = self.shared.put(&self.key, found, &head).await;
        if let Put::Done(_) = put {
            // It waits for our lease, and logs failures.
            let (shared, key) = (Arc::clone(&self.shared), self.key.at(rotation));
            drop(ending::begin(shared, self.caller.clone(), key, grant, reason));
        }
        put
    }

    /// The session has ended, so the grant that the provider has just issued must be revoked.
    pub(super) async fn give_back(&self, rotated: &Grant) {
        let told = self.shared.provider().sign_out(&self.caller, rotated).await;
        self.shared.observe(if told.is_ok() { Event::Revoked } else { Event::RevocationFailed });
        if let Err(failure) = told {
            tracing::warn!(%failure, "a session ended with a refresh, and the new grant could not be revoked");
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
