use std::cmp::Ordering;
use std::time::SystemTime;

use super::ensured::{HeadRead, Rotated};
use super::shared::Shared;
use crate::{AttemptId, EndReason, Event, Grant, HeadState, HeadVersion, KeptHead, NotBefore, SessionKey};

/// Where a cookie stands relative to its session's head.
#[derive(Debug)]
pub(super) enum Position {
    /// The session has ended.
    Over(EndReason),
    /// There is a newer grant that this server cannot open.
    Elsewhere { rotation: u64 },
    /// The grant is usable here.
    At(Box<Stand>),
}

/// The newest grant that is known: the cookie's or the head's.
#[derive(Debug)]
pub(super) struct Stand {
    /// The session at the newest rotation.
    pub(super) key: SessionKey,
    /// The grant of that rotation.
    pub(super) grant: Grant,
    /// How many rotations the cookie was behind.
    pub(super) rotations_behind: u64,
    /// What is happening to the grant's refresh token.
    pub(super) phase: Phase,
    /// The provider asked to wait before the token is presented.
    pub(super) not_before: Option<NotBefore>,
    /// The version of the record that was read, to write over it.
    pub(super) version: Option<HeadVersion>,
    /// Whether a cookie of its rotation has shown that record, including this cookie.
    pub(super) shown: bool,
    /// Whether to write the record again: this cookie is the first to show it, or knows what the record lost.
    pub(super) has_news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Presented { first: SystemTime, by: AttemptId },
    InDoubt(Doubt),
}

/// A refresh that may have spent its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) first: SystemTime,
    pub(super) since: SystemTime,
    pub(super) answered: bool,
    pub(super) by: AttemptId,
}

impl Doubt {
    pub(super) const fn state(self) -> HeadState {
        let Self { first, since, answered, by } = self;
        HeadState::InDoubt { first, since, answered, by }
    }
}

impl Phase {
    /// Which attempt presented the token last, if that is not settled.
    pub(super) const fn by(self) -> Option<AttemptId> {
        match self {
            Self::Idle => None,
            Self::Presented { by, .. } | Self::InDoubt(Doubt { by, .. }) => Some(by),
        }
    }

    const fn of(state: HeadState) -> Self {
        match state {
            HeadState::Idle | HeadState::Ending { .. } | HeadState::Dead(_) => Self::Idle,
            HeadState::Presented { first, by } => Self::Presented { first, by },
            HeadState::InDoubt { first, since, answered, by } => {
                Self::InDoubt(Doubt { first, since, answered, by })
            }
        }
    }
}

impl Stand {
    pub(super) fn is_adopted(&self) -> bool {
        self.rotations_behind > 0
    }

    /// The grant, if it is newer than the request's.
    pub(super) fn newest(&self) -> Option<Rotated> {
        self.is_adopted().then(|| Rotated { rotation: self.key.rotation(), grant: self.grant.clone() })
    }
}

pub(super) fn settle(session: &SessionKey, grant: &Grant, kept: Option<KeptHead>) -> Position {
    let own = Stand {
        key: session.clone(),
        grant: grant.clone(),
        rotations_behind: 0,
        phase: Phase::Idle,
        not_before: None,
        version: kept.as_ref().map(|kept| kept.version),
        shown: true,
        has_news: false,
    };
    let Some(kept) = kept else {
        // A session that has refreshed has a head. Without it, an older cookie would present a spent token.
        return Position::At(Box::new(Stand { has_news: session.rotation() > 0, ..own }));
    };
    if let Some(reason) = kept.end_for(session.rotation()) {
        return Position::Over(reason);
    }
    let KeptHead { head, .. } = kept;
    let (phase, not_before) = (Phase::of(head.state), head.not_before);
    let stand = match head.rotation.cmp(&session.rotation()) {
        // The head was lost, or could not be written in time. Only the cookie has the grant, and the head gets it back.
        Ordering::Less => Stand { has_news: true, ..own },
        Ordering::Equal => {
            let has_news = !head.shown && head.grant.is_some() && phase == Phase::Idle;
            Stand { phase, not_before, has_news, ..own }
        }
        Ordering::Greater => {
            let Some(newest) = head.grant else {
                return Position::Elsewhere { rotation: head.rotation };
            };
            Stand {
                key: session.at(head.rotation),
                grant: newest,
                rotations_behind: head.rotation - session.rotation(),
                phase,
                not_before,
                shown: head.shown,
                ..own
            }
        }
    };
    Position::At(Box::new(stand))
}

impl Shared {
    pub(super) fn position(&self, session: &SessionKey, grant: &Grant, head: HeadRead) -> Position {
        let kept = head.unwrap_or_else(|error| {
            self.observe(Event::StoreUnreachable);
            tracing::warn!(%error, "a request continues without the head of its session");
            None
        });
        #[cfg(feature = "mutants")]
        let kept = kept.filter(|_| !crate::mutants::is_active(crate::mutants::Mutant::NoHead));
        let position = settle(session, grant, kept);
        match &position {
            Position::Over(EndReason::Superseded) => self.observe(Event::Superseded),
            Position::Over(_) => self.observe(Event::Dead),
            Position::Elsewhere { .. } => self.observe(Event::SealedElsewhere),
            Position::At(stand) if stand.is_adopted() => {
                self.observe(Event::Adopted { rotations_behind: stand.rotations_behind });
            }
            Position::At(_) => {}
        }
        position
    }
}
