//! Writing the head: compared with what was read, never over something newer.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::flight::Landing;
use super::knowledge::UnkeptGrant;
use super::position::{Position, Stand, settle};
use super::refresh::Refresh;
use super::{Rotated, Shared, ending};
use crate::{AttemptId, EndReason, Event, Grant, Head, HeadState, HeadVersion, Keep, SessionKey};

/// Waiters are answered without a commit after this long: a page is worth more than the certainty that a late tab finds its
/// way, and the refresh goes on trying for them.
const ANSWER_WITHOUT_COMMIT: Duration = Duration::from_secs(1);

/// How an attempt ended is not written down later than this: by then nobody waits for it any more. So long a new grant is tried
/// to be written at the pace of an accident; after that, of an outage.
const GIVE_UP: Duration = Duration::from_mins(10);

/// Nobody but this process knows that nothing was spent: it says so even while it ends.
const ALSO_WHILE_CLOSING: Duration = Duration::from_secs(5);
/// So long a new grant is offered to a store that is away by a process that is to end. A server waits little longer for it.
const WHILE_CLOSING: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE_IN_AN_OUTAGE: Duration = Duration::from_secs(30);

/// How often it is tried at once to write down how an attempt ended without a new grant.
const LEAVES_AGAIN: u32 = 2;

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
        self.put_for(session, found, head, self.keep(session, head)).await
    }

    pub(super) async fn put_for(
        &self,
        session: &SessionKey,
        found: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Put {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoHead) {
            return Put::Done(HeadVersion([0; 16]));
        }
        match self.heads().write(session, found, head, keep).await {
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
    /// The session is over.
    Over(EndReason),
    /// The session is over, and its head does not say so.
    OverBeside {
        reason: EndReason,
        version: Option<HeadVersion>,
    },
    /// A grant as new as ours, or newer.
    Newer(Rotated),
    /// A newer rotation of older tokens: what another replica learned meanwhile, written beside the refresh.
    Amended(Box<Stand>),
    /// Something older, to be written over.
    Older(Box<Stand>),
    /// The mark of something as new or newer, whose grant was shown and forgotten since.
    Forgotten,
    /// A grant of this rotation, which this server cannot open.
    Elsewhere {
        rotation: u64,
    },
    Unreachable,
}

/// What came of keeping a new grant.
enum Kept {
    As(Landing),
    /// The store did not take it while somebody waited.
    NotYet(Rotated),
}

/// What came of writing down how an attempt ended.
pub(super) enum Left {
    Written,
    /// Somebody else acts by now, or a newer grant is there.
    Instead(Option<Landing>),
    Unwritten,
}

impl Left {
    pub(super) const fn is_unwritten(&self) -> bool {
        matches!(self, Self::Unwritten)
    }

    pub(super) fn landing(self) -> Option<Landing> {
        match self {
            Self::Instead(landing) => landing,
            Self::Written | Self::Unwritten => None,
        }
    }
}

impl Refresh {
    /// Makes the new grant known, then answers. A new grant is never dropped because the store is slow.
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

    /// Goes on without the lease: whoever does not learn of it has a good token, and need not wait.
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

    /// The same refresh, for a task that nobody waits for.
    fn alone(&self, shown: bool) -> Self {
        let (shared, flight) = (Arc::clone(&self.shared), Arc::default());
        Self::new(shared, self.caller.clone(), self.key.clone(), self.grant.clone(), shown, flight)
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
                // SECURITY: nothing is given back. This grant may be the very one that is there, and in use: another replica
                // got it by the same repeated refresh, while this one could not reach the store.
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
                            "a head could not be written; older tabs of this session are lost"
                        );
                        return Kept::As(Landing::Renewed(newest));
                    }
                    // It may have been written all the same.
                    found = Found::Unknown;
                }
            }
        }
    }

    /// Between two tries to keep a grant that this process alone has, for as long as a cookie may come that needs it. The process
    /// ends without it, and goes on with so many at once.
    async fn waits_out_the_outage<'a>(
        &'a self,
        begun: Instant,
        place: &mut Option<UnkeptGrant<'a>>,
    ) -> ControlFlow<()> {
        if place.is_none() {
            *place = self.shared.knowledge.unkept_grant();
        }
        if place.is_none() || begun.elapsed() > self.shared.settings.patience.successor {
            return ControlFlow::Break(());
        }
        self.shared.pause_unless_closing(PAUSE_IN_AN_OUTAGE).await
    }

    /// The grant of a refresh as the next rotation. What a renewal does not bring stays as it was.
    fn successor(&self, mut rotated: Grant) -> Rotated {
        rotated.generation = self.grant.generation + 1;
        if rotated.identity.is_none() {
            rotated.identity.clone_from(&self.grant.identity);
        }
        Rotated { rotation: self.key.rotation() + 1, grant: rotated }
    }

    /// The grant of a refresh together with what another replica has learned meanwhile, as a rotation newer than both.
    fn beside(&self, newest: Rotated, amended: &Stand) -> Rotated {
        let mut grant = newest.grant;
        // What the renewal itself has brought is newer than what an answer told before it.
        if grant.identity == self.grant.identity {
            grant.identity.clone_from(&amended.grant.identity);
        }
        Rotated { rotation: amended.key.rotation() + 1, grant }
    }

    async fn put_successor(&self, found: Found, newest: &Rotated) -> Result<(), InItsPlace> {
        let Found::As(version) = found else {
            return Err(self.in_its_place(newest.grant.generation).await);
        };
        // SECURITY: its end may have been written beside the head, together with that of the person's other sessions.
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

    /// `generation` is that of the grant that was to be written.
    async fn in_its_place(&self, generation: u64) -> InItsPlace {
        let Ok(kept) = self.shared.read(&self.key).await else {
            return InItsPlace::Unreachable;
        };
        match settle(&self.key, &self.grant, kept) {
            Position::Over(EndReason::Superseded) => InItsPlace::Forgotten,
            Position::Over(reason) => InItsPlace::Over(reason),
            Position::Elsewhere { rotation } => InItsPlace::Elsewhere { rotation },
            Position::At(stand) => match stand.newest() {
                Some(_) if stand.grant.generation < generation => InItsPlace::Amended(stand),
                Some(newer) => InItsPlace::Newer(newer),
                None => InItsPlace::Older(stand),
            },
        }
    }

    /// Ends the session in its head, with the grant that has just been issued, and has the provider told of that. An older cookie
    /// may not know the identifier by which the session ended.
    async fn bury(&self, newest: &Rotated, found: Option<HeadVersion>, reason: EndReason) -> Put {
        let Rotated { rotation, grant } = newest.clone();
        let state = HeadState::Ending { reason, unspent: true };
        let head = Head { rotation, state, not_before: None, grant: Some(grant.clone()), shown: false };
        let put = self.shared.put(&self.key, found, &head).await;
        if let Put::Done(_) = put {
            // It waits for our lease, and logs what fails.
            let (shared, key) = (Arc::clone(&self.shared), self.key.at(rotation));
            drop(ending::begin(shared, self.caller.clone(), key, grant, reason));
        }
        put
    }

    /// The session ended while its refresh was under way: what the provider has just issued must not stay unused.
    async fn give_back(&self, rotated: &Grant) {
        let told = self.shared.provider().sign_out(&self.caller, rotated).await;
        self.shared.observe(if told.is_ok() { Event::Revoked } else { Event::RevocationFailed });
        if let Err(failure) = told {
            tracing::warn!(%failure, "a grant issued to a session that ended meanwhile could not be revoked");
        }
    }

    /// Writes the state that an attempt without a new grant leaves behind, over what the attempt itself has written and nothing
    /// else: whoever acts by now knows more.
    pub(super) async fn leave_as(&self, mut found: Option<HeadVersion>, by: AttemptId, head: &Head) -> Left {
        let mut tries = 0;
        let mut pause = FIRST_PAUSE;
        let mut head = head.clone();
        loop {
            match self.shared.put(&self.key, found, &head).await {
                Put::Done(_) => return Left::Written,
                // Once is an accident, and others wait for the lease to read this.
                Put::Unreachable if tries < LEAVES_AGAIN => {
                    tries += 1;
                    self.shared.pause(pause).await;
                    pause *= 2;
                }
                Put::Unreachable => return Left::Unwritten,
                Put::Overtaken => match self.in_its_place(self.grant.generation).await {
                    InItsPlace::Older(stand) if stand.phase.by() == Some(by) => {
                        found = stand.version;
                        // Somebody may have asked meanwhile, and have been told to wait.
                        head.not_before = head.not_before.or(stand.not_before);
                    }
                    InItsPlace::Unreachable => return Left::Unwritten,
                    other => return Left::Instead(other.into_landing()),
                },
            }
        }
    }

    /// Goes on trying without anybody waiting. To the others the token may be spent until then, and they would ask before a wait
    /// is over, or give the session up.
    pub(super) fn leave_later(&self, found: Option<HeadVersion>, by: AttemptId, head: Head) {
        let again = self.alone(head.shown);
        (self.shared.settings.spawner)(Box::pin(async move {
            let begun = Instant::now();
            let mut pause = FIRST_PAUSE;
            while begun.elapsed() < GIVE_UP {
                if begun.elapsed() < ALSO_WHILE_CLOSING {
                    again.shared.pause(pause).await;
                } else if again.shared.pause_unless_closing(pause).await.is_break() {
                    return;
                }
                if !again.leave_as(found, by, &head).await.is_unwritten() {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }));
    }

    /// Marks the session dead, whoever else acts: the provider's word is final. Tells whether a newer grant was found instead.
    pub(super) async fn leave_dead(&self, found: HeadVersion, reason: EndReason) -> Option<Landing> {
        let mut found = Some(found);
        loop {
            match self.shared.put(&self.key, found, &self.dead(reason)).await {
                // Unwritten it stays `Presented`, and whoever comes next is an heir and finds the same.
                Put::Done(_) | Put::Unreachable => return None,
                Put::Overtaken => match self.in_its_place(self.grant.generation).await {
                    InItsPlace::Older(stand) => found = stand.version,
                    InItsPlace::Unreachable => return None,
                    other => return other.into_landing(),
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

impl InItsPlace {
    /// For an attempt that has no new grant to keep.
    fn into_landing(self) -> Option<Landing> {
        match self {
            Self::Over(reason) | Self::OverBeside { reason, .. } => Some(Landing::Ended(reason)),
            Self::Newer(newer) => Some(Landing::Renewed(newer)),
            Self::Amended(stand) => stand.newest().map(Landing::Renewed),
            Self::Forgotten => Some(Landing::Ended(EndReason::Superseded)),
            Self::Elsewhere { .. } => {
                Some(Landing::unavailable("a newer grant is sealed under a key that is not known here"))
            }
            Self::Older(_) | Self::Unreachable => None,
        }
    }
}
