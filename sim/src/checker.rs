//! Judges only what browsers and the core API saw. It does not look at the application's state.
//!
//! Cookies are opened only to find out which rotation a browser holds: for the trace, and for what
//! `docs/architecture.md` promises about older cookies.

mod ends;
mod families;
mod scene;
mod sessions;
mod state;
mod verdict;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::core_api::{CodeId, Effect, FamilyId, PersonId};
use crate::glass::Glance;
use crate::style::Style;

pub(crate) use ends::{Left, Shown};
pub(crate) use families::{LostTo, Sent, Wait};
pub(crate) use scene::Scene;
pub(crate) use sessions::{Ended, Lives, Seen, SessionRef};
pub(crate) use verdict::{Excuse, Finding, Violation};

use families::Complaint;
use state::State;

/// Nobody can present the token until the lease of a dead holder has expired and those who waited for it have given up.
const LEASE_AND_PATIENCE: Duration = Duration::from_secs(12);
/// How long a process that finds a token presented waits for the one that presented it.
const HEIR_WAITS: Duration = Duration::from_mins(1);
/// A process that asks within this time after it could has not missed the chance: others may have the lease first.
const A_MOMENT: Duration = Duration::from_secs(5);
/// A request that comes within this time before the window closes may have come too late.
const LEAST_CHANCE: Duration = Duration::from_secs(30);

pub(crate) struct Checker {
    style: Style,
    lives: Lives,
    state: Mutex<State>,
}

/// What may have kept a replica from recording the content of its cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing {
    pub(crate) store_down: bool,
    /// A call to the store failed for somebody who may have had the session's lease.
    pub(crate) head_is_busy: bool,
}

impl Checker {
    pub(crate) fn new(style: Style, lives: Lives) -> Self {
        Self { style, lives, state: Mutex::default() }
    }

    /// A refresh token leaves a replica.
    pub(crate) fn refresh_sent(&self, scene: Scene<'_>, sent: Sent<'_>) {
        let mut state = self.state();
        let revoked = scene.core.look(sent.family, |family| family.revoked.is_some()).unwrap_or(true);
        let complaint = state.families.presented(self.style, sent, scene.now).filter(|_| !revoked);
        let person = scene.person_of(sent.family);
        match complaint {
            Some(Complaint::Twice(text)) => state.violate(scene, person, Violation::PresentedTwice, text),
            Some(Complaint::TooEarly(text)) => state.violate(scene, person, Violation::TooEarly, text),
            Some(Complaint::Unknowing) => state.excuse(Excuse::WaitUnknown),
            None => {}
        }
    }

    /// A whole answer to a refresh came that says nothing about its token.
    pub(crate) fn answered(&self, family: FamilyId, generation: u32) {
        self.state().families.notes(family).answered(generation);
    }

    /// The API refused a refresh until a time, and the process that asked knows. `told` says whether it had the store.
    pub(crate) fn turned_away(&self, now: Duration, family: FamilyId, wait: Wait) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        // Everybody who had the chance to ask a moment ago has done so, and was not told.
        notes.chance = notes.chance.filter(|chance| now.saturating_sub(*chance) > A_MOMENT);
        notes.turned_away(wait);
    }

    /// Because of a fault, nobody can know the result of presenting this token.
    pub(crate) fn doubted(&self, family: FamilyId, generation: u32) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        notes.doubt = Some(generation);
    }

    /// A replica died while it had a request of this session. Its last record about the token may be out of date.
    pub(crate) fn died_at(&self, scene: Scene<'_>, session: SessionRef) {
        let family = self.family_of(session);
        if let Some(generation) = scene.core.look(family, |family| family.generation) {
            self.doubted(family, generation);
        }
    }

    /// The API has asked the process that presented the token to wait, and nobody else learns of that.
    pub(crate) fn wait_unheard(&self, family: FamilyId, generation: u32) {
        self.doubted(family, generation);
        self.state().families.notes(family).forget_wait();
    }

    /// The result of this generation's refresh is recorded, so nobody is in doubt about it any more.
    pub(crate) fn written(&self, family: FamilyId, generation: u32) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        notes.lost = notes.lost.filter(|(lost, _)| *lost > generation);
        notes.doubt = notes.doubt.filter(|doubt| *doubt >= generation);
    }

    /// The same once the store is back for the process that had the result. An heir that could not know may have given
    /// up the session by then.
    pub(crate) fn written_after(&self, family: FamilyId, generation: u32, time: Duration) {
        let doubt = self.state().families.notes(family).doubt;
        self.written(family, generation);
        if time >= HEIR_WAITS {
            self.state().families.notes(family).doubt = doubt;
        }
    }

    /// The store has no room for a grant that has just come, or has room again.
    pub(crate) fn kept(&self, family: FamilyId, kept: bool) {
        self.state().families.notes(family).unkept = !kept;
    }

    pub(crate) fn is_in_doubt(&self, family: FamilyId) -> bool {
        self.style == Style::CookieApi && self.state().families.notes(family).doubt.is_some()
    }

    /// A code leaves a replica that could not ask the store whether it left before, or could not note that it did.
    pub(crate) fn presented_blindly(&self, code: CodeId) {
        self.state().blind_codes.insert(code);
    }

    /// The core API did something. `late` says how long the call was on its way, if its sender had given up by then.
    pub(crate) fn effect(&self, scene: Scene<'_>, effect: Effect, late: Option<Duration>) {
        let mut state = self.state();
        let family = match effect {
            Effect::CaughtReuse(family) => family,
            Effect::CodeAgain(family, code) => {
                let excused = state.blind_codes.contains(&code).then_some(Excuse::CodeAgain);
                state.families.notes(family).excused = excused;
                if excused.is_some() {
                    return;
                }
                family
            }
            _ => return,
        };
        let notes = state.families.notes(family);
        if notes.session.is_none() || notes.ending {
            return;
        }
        let (person, generation, age) = scene
            .core
            .look(family, |f| (f.person, f.generation, scene.core_now.saturating_sub(f.rotated_at)))
            .unwrap_or((PersonId(0), 0, Duration::ZERO));
        // If reuse ends every session of the person, nothing excuses it.
        let excused = notes.excuse(self.style, generation, age).filter(|_| self.style != Style::CookieApi);
        let left_at = late.and_then(|late| age.checked_sub(late));
        let left_in_time = left_at.zip(self.style.repeatable_for()).is_some_and(|(left, time)| left < time);
        let excused = excused.or(left_in_time.then_some(Excuse::ArrivedLate));
        notes.excused = excused;
        if excused.is_none() {
            let text = format!("family {} was revoked: a spent token or code was presented", family.0);
            state.violate(scene, person, Violation::FamilyRevoked, text);
        }
    }

    /// The answer to a refresh that consumed a token reached nobody, or nobody who could keep it, because of a fault.
    pub(crate) fn answer_lost(&self, now: Duration, family: FamilyId, generation: u32, to: LostTo) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        // The same answer once more, late, takes nothing from the process that already has it.
        if to == LostTo::Network && notes.arrived == Some(generation) {
            return;
        }
        let is_again = notes.lost.is_some_and(|(lost, _)| lost == generation);
        notes.lost = Some((generation, to));
        notes.lost_at_first = notes.began_lately(now);
        // The API counts from the first time, so a chance that was missed stays missed.
        if !is_again {
            notes.chance = None;
            notes.lost_at = now;
        }
    }

    /// The answer reached somebody after all.
    pub(crate) fn answer_arrived(&self, family: FamilyId, generation: u32) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        (notes.lost, notes.arrived) = (None, Some(generation));
    }

    /// The process that lost the answer was undisturbed for long enough to ask again by itself.
    pub(crate) fn was_left_alone(&self, now: Duration, family: FamilyId, generation: u32) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        let is_lost = notes.lost == Some((generation, LostTo::Network)) && notes.lost_at_first;
        if is_lost && self.style.repeatable_for().is_some() && now >= notes.waits_until() {
            notes.chance = Some(now);
        }
    }

    pub(crate) fn has_lost_an_answer(&self, session: SessionRef) -> bool {
        let mut state = self.state();
        let family = state.sessions.of(session).family;
        state.families.notes(family).lost.is_some()
    }

    /// A request came, and nothing kept it from asking for the lost answer again.
    pub(crate) fn chance(&self, now: Duration, session: SessionRef) {
        let family = self.state().sessions.of(session).family;
        self.chance_for(now, family);
    }

    /// Somebody could have asked for the family's lost answer again.
    pub(crate) fn chance_for(&self, now: Duration, family: FamilyId) {
        let Some(repeatable_for) = self.style.repeatable_for() else { return };
        let mut state = self.state();
        let notes = state.families.notes(family);
        let closes_at = (notes.lost_at + repeatable_for).saturating_sub(LEAST_CHANCE);
        let window = notes.lost_at + LEASE_AND_PATIENCE..closes_at;
        let may_ask = now >= notes.waits_until();
        if notes.lost.is_some() && window.contains(&now) && may_ask {
            notes.chance = Some(now);
        }
    }

    /// A fault hit a call for the family.
    pub(crate) fn disturbed(&self, family: FamilyId, now: Duration) {
        self.state().families.notes(family).disturbed_at = Some(now);
    }

    pub(crate) fn was_disturbed(&self, family: FamilyId, since: Duration) -> bool {
        self.state().families.notes(family).disturbed_at.is_some_and(|at| at >= since)
    }

    /// A browser holds a new session.
    pub(crate) fn begun(&self, now: Duration, person: PersonId, family: FamilyId) -> SessionRef {
        let mut state = self.state();
        let session = state.sessions.begin(person, family, now);
        state.families.notes(family).session = Some(session);
        session
    }

    /// A replica received a cookie with this rotation.
    pub(crate) fn shown(&self, now: Duration, session: SessionRef, rotation: u64) {
        self.state().sessions.of(session).show(rotation, now);
    }

    pub(crate) fn family_of(&self, session: SessionRef) -> FamilyId {
        self.state().sessions.of(session).family
    }

    pub(crate) fn begun_at(&self, session: SessionRef) -> Duration {
        self.state().sessions.of(session).begun_at
    }

    /// An answer for a session arrived in a browser.
    pub(crate) fn arrived(&self, now: Duration, session: SessionRef) {
        self.state().sessions.of(session).arrived(now);
    }

    /// A browser was sent to the sign-in page. The excuse, if there is one, says why that was unavoidable.
    pub(crate) fn signed_out(&self, scene: Scene<'_>, seen: Seen, what: &str) -> Option<Excuse> {
        let mut state = self.state();
        let session = state.sessions.of(seen.session).clone();
        let excuse = self.excuse(&mut state, scene, &session, seen);
        match excuse {
            Some(excuse) if state.sessions.of(seen.session).is_news(excuse) => state.excuse(excuse),
            Some(_) => {}
            None if session.lost => {}
            None => {
                state.sessions.of(seen.session).lost = true;
                let text = format!("session {} ended at the sign-in page: {what}", seen.session.0);
                state.violate(scene, session.person, Violation::Lost, text);
            }
        }
        excuse
    }

    fn excuse(
        &self,
        state: &mut State,
        scene: Scene<'_>,
        session: &sessions::Session,
        seen: Seen,
    ) -> Option<Excuse> {
        let own = session.excuse(scene.now, seen, self.lives);
        let (generation, revoked, rotated_at) =
            scene.core.look(session.family, |f| (f.generation, f.revoked, f.rotated_at))?;
        let age = scene.core_now.saturating_sub(rotated_at);
        let notes = state.families.notes(session.family);
        // The back end may give it less time than we do.
        let is_over = scene.core.ends_within(session.family, scene.core_now, sessions::SKEW);
        own.or_else(|| is_over.then_some(Excuse::TimedOut))
            .or_else(|| session.final_excuse())
            .or_else(|| verdict::of_family(revoked, notes.excused))
            .or_else(|| notes.excuse(self.style, generation, Duration::ZERO))
            .or_else(|| self.style.supersedes().then(|| session.superseded(scene.now, seen.rotation, age))?)
            .or_else(|| (self.style.supersedes() && notes.unkept).then_some(Excuse::StoreFull))
            .or_else(|| seen.key_unknown.then_some(Excuse::KeyUnknown))
    }

    /// A cookie leaves a replica, which may not have been able to record its content.
    pub(crate) fn leaves(&self, scene: Scene<'_>, session: SessionRef, glance: Glance, writing: Writing) {
        let Writing { store_down, head_is_busy } = writing;
        let mut state = self.state();
        let found = state.sessions.of(session);
        let (person, family) = (found.person, found.family);
        let disturbed = state.families.notes(family).disturbed_at;
        let recently = disturbed.is_some_and(|at| scene.now.saturating_sub(at) < Duration::from_mins(2));
        let may_be_unwritten = store_down || head_is_busy || recently;
        state.sessions.of(session).tokens_since(glance, scene.now);
        if !state.sessions.of(session).leaves(glance, store_down, may_be_unwritten) {
            return;
        }
        if may_be_unwritten {
            state.excuse(Excuse::ChangeUnwritten);
            return;
        }
        let text = format!("session {}, rotation {}, address {}", session.0, glance.rotation, glance.email);
        state.violate(scene, person, Violation::Reverted, text);
    }

    /// When these tokens first left a replica.
    pub(crate) fn tokens_since(&self, now: Duration, session: SessionRef, glance: Glance) -> Duration {
        self.state().sessions.of(session).tokens_since(glance, now)
    }

    /// The oldest address that a page may show for this cookie.
    pub(crate) fn oldest_email(&self, session: SessionRef, glance: Glance) -> u32 {
        self.state().sessions.of(session).oldest_email(glance)
    }

    /// A page could not be shown. A session for which this never ends counts as lost.
    pub(crate) fn unavailable(&self, scene: Scene<'_>, session: SessionRef, calm: bool) {
        let mut state = self.state();
        let family = state.sessions.of(session).family;
        let disturbed = state.families.notes(family).disturbed_at;
        let recently = disturbed.is_some_and(|at| scene.now.saturating_sub(at) < Duration::from_mins(2));
        let found = state.sessions.of(session);
        let person = found.person;
        if let Some(since) = found.stuck(self.style, scene.now, calm && !recently, disturbed) {
            let text = format!("session {} has shown no page since {since}, in calm weather", session.0);
            state.violate(scene, person, Violation::Stuck, text);
        }
    }

    /// Any other violation.
    pub(crate) fn violate(&self, scene: Scene<'_>, person: PersonId, violation: Violation, text: String) {
        self.state().violate(scene, person, violation, text);
    }

    /// Something that would be a violation if a fault did not explain it.
    pub(crate) fn excused(&self, excuse: Excuse) {
        self.state().excuse(excuse);
    }

    pub(crate) fn has_found(&self) -> bool {
        !self.state().violations.is_empty()
    }

    pub(crate) fn violations(&self) -> BTreeMap<&'static str, u64> {
        self.state().violations.clone()
    }

    pub(crate) fn excuses(&self) -> BTreeMap<&'static str, u64> {
        self.state().excuses.clone()
    }

    pub(crate) fn take_findings(&self) -> Vec<Finding> {
        std::mem::take(&mut self.state().findings)
    }

    pub(crate) fn sessions(&self) -> usize {
        self.state().sessions.count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
