//! Notes about each family of tokens, as seen on the wire to the core API.

use std::time::Duration;

use super::sessions::SessionRef;
use super::verdict::Excuse;
use crate::core_api::FamilyId;
use crate::style::Style;

/// How long a token that may be consumed must rest before it is presented again after a missing answer (`Rest` in
/// `crates/auth/README.md`).
const REST: Duration = Duration::from_secs(30);

/// The default of `TimeLimits::refresh`.
const REFRESH_TRIES_FOR: Duration = Duration::from_secs(8);

/// How an answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LostTo {
    Network,
    Crash,
    Pause,
    /// The answer arrived, and could not be written to the store.
    Partition,
}

/// A refresh token leaves a replica.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) family: FamilyId,
    /// The number of the family's token, or of its cookie's value.
    pub(crate) generation: u32,
    pub(crate) key: Option<&'a str>,
    /// The store failed for this replica just now, so it may not know what others have recorded.
    pub(crate) blind: bool,
    /// The replica, and which of its lives.
    pub(crate) asker: usize,
}

/// What is wrong with presenting it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Complaint {
    Twice(String),
    TooEarly(String),
    /// It was too early, and the replica could not know.
    Unknowing,
}

/// The removal of a guest's cart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cleaned {
    /// When a page first showed the cart. From then on, the session knows of it.
    pub(crate) shown_at: Option<Duration>,
    /// How often somebody went to remove it.
    pub(crate) times: u32,
    /// A call failed, or the store shortly before, so nobody may know that it is done.
    pub(crate) blindly: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// The session that holds it. A family whose sign-in never arrived does not matter.
    pub(crate) session: Option<SessionRef>,
    /// Its end was requested, which presents a spent token.
    pub(crate) ending: bool,
    /// The generation whose tokens nobody received.
    pub(crate) lost: Option<(u32, LostTo)>,
    pub(crate) lost_at: Duration,
    /// Whether the answer was lost soon after the token first left. As far as the process can know, a later
    /// presentation may be the last one that is recognised.
    pub(crate) lost_at_first: bool,
    /// The generation of the token that left last, and when it first left, whatever the result.
    began: Option<(u32, Duration)>,
    /// The generation whose tokens somebody received.
    pub(crate) arrived: Option<u32>,
    /// When somebody last could have asked for the lost answer again.
    pub(crate) chance: Option<Duration>,
    /// A token of this generation was presented, and no replica can know the result.
    pub(crate) doubt: Option<u32>,
    /// The store had no room for the grant of the last refresh.
    pub(crate) unkept: bool,
    /// Why it was revoked for reuse, if our code could not avoid that.
    pub(crate) excused: Option<Excuse>,
    pub(crate) disturbed_at: Option<Duration>,
    pub(crate) cleaned: Cleaned,
    presented: Option<Presented>,
    /// With which generation the API asked to wait, and until when.
    not_before: Option<Wait>,
}

/// The API's request to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) generation: u32,
    pub(crate) until: Duration,
    /// Whether the process that was asked had the store to tell the others.
    pub(crate) told: bool,
    /// The process that was asked: the replica, and which of its lives. It knows in any case.
    pub(crate) asker: usize,
}

#[derive(Clone, Debug)]
struct Presented {
    generation: u32,
    /// When the time began in which the API recognises a repetition. A later presentation starts it again, if it is the
    /// one that spends the token.
    first: Duration,
    at: Duration,
    key: Option<Box<str>>,
    times: u32,
    /// A whole answer came that says nothing about the token, so nothing is in progress any more.
    answered: bool,
}

#[derive(Default)]
pub(crate) struct Families(Vec<Notes>);

impl Families {
    pub(crate) fn notes(&mut self, family: FamilyId) -> &mut Notes {
        let index = family.0 as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Notes::default());
        }
        &mut self.0[index]
    }

    /// Notes that a token leaves, and returns what is wrong with that.
    pub(crate) fn presented(&mut self, style: Style, sent: Sent<'_>, now: Duration) -> Option<Complaint> {
        let notes = self.notes(sent.family);
        let generation = sent.generation;
        notes.began = notes.began.filter(|(began, _)| *began == generation).or(Some((generation, now)));
        let before = notes.presented.take().filter(|before| before.generation == generation);
        let times = before.as_ref().map_or(1, |before| before.times + 1);
        let recognised = style.repeatable_for().unwrap_or_default();
        let first = before.as_ref().map(|before| before.first).filter(|first| now < *first + recognised);
        notes.presented = Some(Presented {
            generation,
            first: first.unwrap_or(now),
            at: now,
            key: sent.key.map(Into::into),
            times,
            answered: false,
        });
        if notes.ending || notes.session.is_none() {
            return None;
        }
        let wait = notes.not_before.filter(|wait| wait.generation == generation && now < wait.until);
        if let Some(wait) = wait {
            let early = wait.until.saturating_sub(now).as_secs_f64();
            let text =
                format!("generation {generation} of family {} came {early:.1} s too early", sent.family.0);
            return Some(if (sent.blind || !wait.told) && wait.asker != sent.asker {
                Complaint::Unknowing
            } else {
                Complaint::TooEarly(text)
            });
        }
        let before = before.filter(|before| !before.may_be_followed(style, sent.key, now))?;
        let rested = now.saturating_sub(before.at).as_secs_f64();
        Some(Complaint::Twice(format!(
            "generation {generation} of family {} for the {times}. time, {rested:.1} s after the last",
            sent.family.0
        )))
    }
}

impl Presented {
    /// Whether the same token may be presented again now.
    fn may_be_followed(&self, style: Style, key: Option<&str>, now: Duration) -> bool {
        let rested = self.answered || now.saturating_sub(self.at) >= REST;
        match style {
            // The API's reaction shows what is too early there.
            Style::Commercetools | Style::BetterAuth | Style::JwtSessions => true,
            // Never: a token that is known to be unspent is not noted as presented.
            Style::CookieApi => false,
            Style::Recorded | Style::OpenId => rested,
            Style::Ours => key.is_some() && self.key.as_deref() == key || rested,
            // Two clocks may differ by as much as a token rests.
            Style::Graced => {
                style.repeatable_for().is_some_and(|time| now < self.first + time + 2 * REST) || rested
            }
        }
    }
}

impl Notes {
    /// Whether the token that left last did so for the first time within the time for which a refresh tries.
    pub(crate) fn began_lately(&self, now: Duration) -> bool {
        self.began.is_some_and(|(_, at)| now.saturating_sub(at) < REFRESH_TRIES_FOR)
    }

    /// A whole answer came, malformed or from a proxy in between.
    pub(crate) fn answered(&mut self, generation: u32) {
        if let Some(presented) = self.presented.as_mut().filter(|last| last.generation == generation) {
            presented.answered = true;
        }
    }

    /// The token is certainly not spent, and the API asks to wait until a time.
    pub(crate) fn turned_away(&mut self, wait: Wait) {
        self.not_before = Some(wait);
        self.presented = self.presented.take().filter(|last| last.generation != wait.generation);
    }

    /// The time before which nobody may ask, by any clock.
    pub(crate) fn waits_until(&self) -> Duration {
        self.not_before.map(|wait| wait.until + 2 * REST).unwrap_or_default()
    }

    /// The process that was asked to wait cannot tell the others.
    pub(crate) fn forget_wait(&mut self) {
        self.not_before = None;
    }

    /// Why a session with this family may end; the family has been at `generation` for `age`.
    pub(crate) fn excuse(&self, style: Style, generation: u32, age: Duration) -> Option<Excuse> {
        let lost = self.lost.is_some_and(|(lost, _)| lost == generation);
        match style {
            Style::Recorded | Style::OpenId => lost.then_some(Excuse::AnswerLost),
            Style::Ours | Style::Graced => {
                let is_over = style.repeatable_for().is_some_and(|time| age >= time);
                (lost && self.chance.is_none() && is_over).then_some(Excuse::WindowPassed)
            }
            Style::CookieApi => {
                let is_open = self.doubt.is_some_and(|doubt| doubt == generation || doubt + 1 == generation);
                is_open.then_some(Excuse::Unresolved)
            }
            // A token that stays the same cannot be lost with an answer.
            Style::Commercetools | Style::BetterAuth | Style::JwtSessions => None,
        }
    }
}
