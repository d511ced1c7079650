//! Notes about each session, as seen from its browsers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::verdict::Excuse;
use ironleaf_auth::TimeLimits;

use crate::core_api::{ACCESS_TTL, FamilyId, PersonId};
use crate::glass::Glance;
use crate::style::Style;
use crate::timeline::readable;

/// Two machines differ by up to thirty seconds, and a seal may be an hour older than the last request.
pub(super) const SKEW: Duration = Duration::from_mins(1);
const SEAL_AGE: Duration = Duration::from_hours(1);

/// While the store is down, a copied cookie can outlive its session by this long (`docs/security.md`).
pub(crate) const COPY_LIVES: Duration = ACCESS_TTL.saturating_add(SKEW);

/// A session that shows no page for this long, without faults, never will.
const PATIENCE: Duration = Duration::from_mins(30);
const PATIENCE_ANSWERS: u32 = 4;
/// Events that are further apart are unrelated.
const FORGETS_AFTER: Duration = Duration::from_mins(45);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct SessionRef(pub u32);

/// After which times a session ends by itself.
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
    /// The rotation of the cookie that was sent.
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
    /// The checker has reported it; once is enough.
    pub(crate) lost: bool,
    last_answer_at: Duration,
    /// The highest rotation that a replica received, and when it first did.
    shown: (u64, Duration),
    /// The highest rotation in any cookie that left a replica, and in one that left while the store was available.
    left: u64,
    left_written: u64,
    /// When the tokens of each generation first left a replica.
    issued: BTreeMap<u64, Duration>,
    /// The address with which the highest rotation first came.
    email: (u64, u32),
    unavailable: Option<Unavailable>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) at: Duration,
    /// The replica that was asked to end it.
    pub(crate) replica: usize,
    /// Whether the store failed for that replica in the meantime.
    pub(crate) store_down: bool,
}

/// A period with only 503s.
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

    /// The sessions of a person that began before a time.
    pub(crate) fn of_person(&self, person: PersonId, before: Duration) -> Vec<SessionRef> {
        let numbered = (0..).zip(&self.0);
        let theirs = numbered.filter(|(_, session)| session.person == person && session.begun_at < before);
        theirs.map(|(number, _)| SessionRef(number)).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Session {
    /// Returns whether nobody had requested the end before.
    pub(crate) fn end(&mut self, now: Duration) -> bool {
        let first = self.ending_since.is_none();
        self.ending_since.get_or_insert(now);
        first
    }

    /// Whether this is the first time for this excuse. A session ends once, in any number of tabs.
    pub(crate) fn is_news(&mut self, excuse: Excuse) -> bool {
        self.excused.replace(excuse) != Some(excuse)
    }

    pub(crate) fn show(&mut self, rotation: u64, now: Duration) {
        if rotation > self.shown.0 {
            self.shown = (rotation, now);
        }
    }

    /// A cookie leaves a replica that may not have been able to record it, or what an answer has told beside it.
    /// Returns whether its address is older than that of an earlier rotation.
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

    /// Notes that these tokens leave, and returns when they first did.
    pub(crate) fn tokens_since(&mut self, glance: Glance, now: Duration) -> Duration {
        *self.issued.entry(glance.generation).or_insert(now)
    }

    /// The oldest address that a page may show for this cookie.
    pub(crate) fn oldest_email(&self, glance: Glance) -> u32 {
        if self.email.0 == glance.rotation { glance.email.min(self.email.1) } else { 0 }
    }

    /// The end that was already excused, if nothing comes after it.
    pub(crate) fn final_excuse(&self) -> Option<Excuse> {
        self.excused.filter(|excuse| excuse.is_final())
    }

    pub(crate) fn arrived(&mut self, now: Duration) {
        self.last_answer_at = now;
        self.unavailable = None;
    }

    /// Why it may have ended, as far as the browser's side shows.
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
        // However often a cookie is sealed again, it expires with its refresh token.
        let is_spoilt = now.saturating_sub(seen.tokens_since) + SKEW >= lives.refresh_token;
        (age >= lives.absolute || held.max(unused) >= shortest || is_spoilt).then_some(Excuse::TimedOut)
    }

    /// Whether a cookie of this rotation may have lost its session because of time: the head after it was shown, or is
    /// `age` old. A cookie that left while the store was down may be in no head, and the head then contains what left
    /// before.
    pub(crate) fn superseded(&self, now: Duration, rotation: u64, age: Duration) -> Option<Excuse> {
        let TimeLimits { shown: shown_stays, successor, .. } = TimeLimits::default();
        let shown_long_ago = now.saturating_sub(self.shown.1) + SKEW >= shown_stays;
        let is_over = |newest: u64| {
            let shown = self.shown.0 >= newest && shown_long_ago;
            rotation < newest && (shown || age + SKEW >= successor)
        };
        (is_over(self.left) || is_over(self.left_written)).then_some(Excuse::Superseded)
    }

    /// Notes a 503. Returns since when there was nothing else without faults, once that is longer than a person's
    /// patience. A fault that hit one of its calls restarts the count, even if nobody saw an answer of that.
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
