//! What is noted of each session, as seen from its browsers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::verdict::Excuse;
use ironleaf_auth::TimeLimits;

use crate::core_api::{ACCESS_TTL, FamilyId, PersonId};
use crate::glass::Glance;
use crate::style::Style;
use crate::timeline::readable;

/// Two machines differ by up to thirty seconds, and a seal may be an hour old when the last request was not.
const SKEW: Duration = Duration::from_mins(1);
const SEAL_AGE: Duration = Duration::from_hours(1);

/// While the store is down, a copied cookie can outlive its session by so much (`docs/security.md`).
pub(crate) const COPY_LIVES: Duration = ACCESS_TTL.saturating_add(SKEW);

/// A session that shows no page for this long in calm weather never will.
const PATIENCE: Duration = Duration::from_mins(30);
const PATIENCE_ANSWERS: u32 = 4;
/// What lies further apart has nothing to do with each other.
const FORGETS_AFTER: Duration = Duration::from_mins(45);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct SessionRef(pub u32);

/// After what times a session ends by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lives {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) refresh_token: Duration,
}

/// What a browser showed when it was sent away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) session: SessionRef,
    /// Of the cookie that was sent.
    pub(crate) rotation: u64,
    /// When that cookie last came with an answer.
    pub(crate) held_since: Duration,
    /// When the tokens in it first left a replica.
    pub(crate) tokens_since: Duration,
    /// The replica lacks a key that others seal with.
    pub(crate) key_unknown: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) person: PersonId,
    pub(crate) family: FamilyId,
    pub(crate) begun_at: Duration,
    pub(crate) ending_since: Option<Duration>,
    /// When a replica said that it is over.
    pub(crate) ended: Option<Ended>,
    excused: Option<Excuse>,
    /// The checker has said so; once is enough.
    pub(crate) lost: bool,
    last_answer_at: Duration,
    /// The highest rotation that a replica was shown, and when it first was.
    shown: (u64, Duration),
    /// The highest rotation in any cookie that left a replica, and in one that left while the store was there.
    left: u64,
    left_written: u64,
    /// When the tokens of each generation first left a replica.
    issued: BTreeMap<u64, Duration>,
    /// The address that the highest rotation came with first.
    email: (u64, u32),
    unavailable: Option<Unavailable>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) at: Duration,
    /// Who was asked to end it.
    pub(crate) replica: usize,
    /// Whether the store failed that replica meanwhile.
    pub(crate) store_down: bool,
}

/// 503s and nothing else.
#[derive(Clone, Copy, Debug)]
struct Unavailable {
    since: Duration,
    last_at: Duration,
    answers: u32,
}

#[derive(Default)]
pub(crate) struct Sessions(Vec<Session>);

impl Sessions {
    pub(crate) fn begin(&mut self, person: PersonId, family: FamilyId, now: Duration) -> SessionRef {
        let session = SessionRef(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Session {
            person,
            family,
            begun_at: now,
            ending_since: None,
            ended: None,
            excused: None,
            lost: false,
            last_answer_at: now,
            shown: (0, now),
            left: 0,
            left_written: 0,
            issued: BTreeMap::from([(0, now)]),
            email: (0, 0),
            unavailable: None,
        });
        session
    }

    pub(crate) fn of(&mut self, session: SessionRef) -> &mut Session {
        &mut self.0[session.0 as usize]
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Session {
    /// Says whether nobody had asked for the end before.
    pub(crate) fn end(&mut self, now: Duration) -> bool {
        let first = self.ending_since.is_none();
        self.ending_since.get_or_insert(now);
        first
    }

    /// Whether this excuse is heard for the first time. One session ends once, in however many tabs.
    pub(crate) fn is_news(&mut self, excuse: Excuse) -> bool {
        self.excused.replace(excuse) != Some(excuse)
    }

    pub(crate) fn show(&mut self, rotation: u64, now: Duration) {
        if rotation > self.shown.0 {
            self.shown = (rotation, now);
        }
    }

    /// A cookie leaves a replica that may not have been able to write it down, or not what an answer has told beside it. Says
    /// whether its address is older than one that an earlier rotation had.
    pub(crate) fn leaves(&mut self, glance: Glance, store_down: bool, may_be_unwritten: bool) -> bool {
        let Glance { rotation, email, .. } = glance;
        self.left = self.left.max(rotation);
        if !store_down {
            self.left_written = self.left_written.max(rotation);
        }
        let is_reverted = rotation > self.email.0 && email < self.email.1;
        if rotation > self.email.0 {
            self.email = (rotation, if may_be_unwritten { 0 } else { email });
        }
        is_reverted
    }

    /// Notes that these tokens leave, and says when they first did.
    pub(crate) fn tokens_since(&mut self, glance: Glance, now: Duration) -> Duration {
        *self.issued.entry(glance.generation).or_insert(now)
    }

    /// The oldest address that a page may show to whoever comes with this.
    pub(crate) fn oldest_email(&self, glance: Glance) -> u32 {
        if self.email.0 == glance.rotation { glance.email.min(self.email.1) } else { 0 }
    }

    /// The end that was excused already, where there is nothing after it.
    pub(crate) fn final_excuse(&self) -> Option<Excuse> {
        self.excused.filter(|excuse| excuse.is_final())
    }

    pub(crate) fn arrived(&mut self, now: Duration) {
        self.last_answer_at = now;
        self.unavailable = None;
    }

    /// Why it may have ended, as far as the browser's side tells.
    pub(crate) fn excuse(&self, now: Duration, seen: Seen, lives: Lives) -> Option<Excuse> {
        let ending = self.ending_since.map(|_| Excuse::Ending);
        ending.or_else(|| self.timed_out(now, seen, lives))
    }

    /// Whether it may have ended by itself.
    pub(crate) fn timed_out(&self, now: Duration, seen: Seen, lives: Lives) -> Option<Excuse> {
        let slack = SEAL_AGE + SKEW;
        let held = now.saturating_sub(seen.held_since) + slack;
        let unused = now.saturating_sub(self.last_answer_at) + slack;
        let age = now.saturating_sub(self.begun_at) + SKEW;
        let shortest = lives.idle.min(lives.refresh_token);
        // However often a cookie is sealed anew, it goes with its refresh token.
        let is_spoilt = now.saturating_sub(seen.tokens_since) + SKEW >= lives.refresh_token;
        (age >= lives.absolute || held.max(unused) >= shortest || is_spoilt).then_some(Excuse::TimedOut)
    }

    /// Whether a cookie of this rotation may have lost its session to time: the head that followed it was shown, or is of `age`.
    /// What left while the store was down may be in no head, and what is in the head then is what left before.
    pub(crate) fn superseded(&self, now: Duration, rotation: u64, age: Duration) -> Option<Excuse> {
        let TimeLimits { shown: shown_stays, successor, .. } = TimeLimits::default();
        let shown_long_ago = now.saturating_sub(self.shown.1) + SKEW >= shown_stays;
        let is_over = |newest: u64| {
            let shown = self.shown.0 >= newest && shown_long_ago;
            rotation < newest && (shown || age + SKEW >= successor)
        };
        (is_over(self.left) || is_over(self.left_written)).then_some(Excuse::Superseded)
    }

    /// Notes a 503; since when there is nothing else in calm weather, once that is beyond patience.
    /// A fault that hit one of its calls, though nobody saw an answer of that, begins the count anew.
    pub(crate) fn stuck(
        &mut self,
        style: Style,
        now: Duration,
        calm: bool,
        disturbed: Option<Duration>,
    ) -> Option<String> {
        if !calm {
            self.unavailable = None;
            return None;
        }
        let going_on = self.unavailable.filter(|seen| {
            let undisturbed = disturbed.is_none_or(|at| at < seen.since);
            undisturbed && now.saturating_sub(seen.last_at) <= FORGETS_AFTER
        });
        let seen = going_on.unwrap_or(Unavailable { since: now, last_at: now, answers: 0 });
        let seen = Unavailable { last_at: now, answers: seen.answers + 1, ..seen };
        self.unavailable = Some(seen);
        let hopeless = seen.answers > PATIENCE_ANSWERS
            && now.saturating_sub(seen.since) > PATIENCE + style.longest_rest();
        if !hopeless || self.lost {
            return None;
        }
        self.lost = true;
        Some(readable(seen.since))
    }
}
