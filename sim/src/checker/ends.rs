//! Requested ends, and what must not be seen after them.

use std::time::Duration;

use super::sessions::{COPY_LIVES, Ended, SKEW, Seen};
use super::{Checker, Excuse, Scene, SessionRef, Violation};
use crate::core_api::{Cart, FamilyId, PersonId, Revoked};
use crate::style::Style;

/// An answer that shows the person after the end.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what is asked of the world, each by itself")]
pub(crate) struct Shown {
    pub(crate) ended: Ended,
    /// Only a name in the header, and nothing that needs a valid token.
    pub(crate) only_a_name: bool,
    /// The store failed for the replica that shows it.
    pub(crate) unread: bool,
    /// Until recently the store failed for the replica that was asked for the end, so it may still be writing.
    pub(crate) unwritten: bool,
    /// That replica crashed, or was stopped for a while, after the end.
    pub(crate) asked_crashed: bool,
}

/// The obstacles to a sign-out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// The store failed for some replica.
    pub(crate) store_failed: bool,
    /// A fault kept somebody from telling the API, or from knowing what to tell.
    pub(crate) hindered: bool,
}

impl Checker {
    /// The person requested the end of a session, by signing out or by signing in again. Returns whether it is the
    /// first time.
    pub(crate) fn ending(&self, now: Duration, session: SessionRef) -> bool {
        let mut state = self.state();
        let found = state.sessions.of(session);
        let (first, family) = (found.end(now), found.family);
        state.families.notes(family).ending = true;
        first
    }

    /// The sign-in that was to replace it failed.
    pub(crate) fn not_ending(&self, session: SessionRef) {
        let mut state = self.state();
        let found = state.sessions.of(session);
        // Another tab's sign-in may have replaced it.
        if found.ended.is_some() {
            return;
        }
        found.ending_since = None;
        let family = found.family;
        state.families.notes(family).ending = false;
    }

    /// A replica has said that it is over.
    pub(crate) fn ended(&self, session: SessionRef, ended: Ended) {
        self.state().sessions.of(session).ended.get_or_insert(ended);
    }

    /// The session with this family, if it began before a time.
    pub(crate) fn session_of(&self, family: FamilyId, before: Duration) -> Option<SessionRef> {
        let mut state = self.state();
        let session = state.families.notes(family).session?;
        (state.sessions.of(session).begun_at < before).then_some(session)
    }

    /// The sessions of a person that began before a time.
    pub(crate) fn sessions_of(&self, person: PersonId, before: Duration) -> Vec<SessionRef> {
        self.state().sessions.of_person(person, before)
    }

    /// The end of a session could not be recorded at once.
    pub(crate) fn end_unwritten(&self, session: SessionRef) {
        if let Some(ended) = &mut self.state().sessions.of(session).ended {
            ended.store_down = true;
        }
    }

    /// Why there may have been nothing left to end.
    pub(crate) fn was_over(&self, scene: Scene<'_>, seen: Seen) -> Option<Excuse> {
        let session = self.state().sessions.of(seen.session).clone();
        let rotated_at = scene.core.look(session.family, |family| family.rotated_at)?;
        let age = scene.core_now.saturating_sub(rotated_at);
        let superseded = session.superseded(scene.now, seen.rotation, age);
        let timed_out = session.timed_out(scene.now, seen, self.lives);
        // Without room for its successor, an older cookie is superseded at once.
        let unkept = self.state().families.notes(session.family).unkept;
        let nothing_left = self.style.supersedes() && (superseded.is_some() || unkept);
        let is_over = scene.core.ends_within(session.family, scene.core_now, SKEW);
        let timed_out = timed_out.or(is_over.then_some(Excuse::TimedOut));
        timed_out.or_else(|| nothing_left.then_some(Excuse::EndedSuperseded))
    }

    pub(crate) fn how_it_ended(&self, session: SessionRef) -> Option<Ended> {
        self.state().sessions.of(session).ended
    }

    /// An answer shows the person after the session's end.
    pub(crate) fn shown_after_end(&self, scene: Scene<'_>, session: SessionRef, shown: Shown) {
        let mut state = self.state();
        let found = state.sessions.of(session);
        let (person, family) = (found.person, found.family);
        let since = scene.now.saturating_sub(shown.ended.at);
        let crashed = shown.ended.store_down && shown.asked_crashed;
        if crashed && shown.only_a_name {
            state.excuse(Excuse::EndLost);
            return;
        }
        // Nobody can know of the end then, and if the API could not be told of it either, its tokens are valid. If
        // reuse ends the person's sessions, the API is not told with a token that may be spent; with the store down,
        // every token may be. The process that was to tell the API and record the end later may have died before
        // either.
        let untold = (crashed
            || matches!(self.style, Style::Commercetools | Style::BetterAuth | Style::CookieApi))
            && scene.core.has_unused_token(family, scene.core_now);
        let unwritten = shown.ended.store_down && (shown.unwritten || shown.asked_crashed);
        if (shown.unread || unwritten) && (since <= COPY_LIVES || untold) {
            state.excuse(Excuse::StoreDown);
            if untold && crashed {
                // Nobody knows of that end any more, and nobody will. The session continues until the next one.
                state.sessions.of(session).ended = None;
            }
            return;
        }
        let text = format!("session {} shows the person {since:?} after its end", session.0);
        state.violate(scene, person, Violation::CopyShows, text);
    }

    /// The work of a sign-out is done, or was tried for long enough.
    pub(crate) fn sign_out_settled(&self, scene: Scene<'_>, session: SessionRef, left: Left) {
        let family = self.family_of(session);
        if !scene.core.has_unused_token(family, scene.core_now) {
            return;
        }
        // A head that could not be written leaves others in doubt, too.
        let in_doubt = self.style == Style::CookieApi && left.store_failed || self.is_in_doubt(family);
        let mut state = self.state();
        if in_doubt {
            state.excuse(Excuse::DoubtAtSignOut);
        } else if left.hindered {
            state.excuse(Excuse::CoreApiDown);
        } else {
            let person = state.sessions.of(session).person;
            let text = format!("session {} left a token of family {}", session.0, family.0);
            state.violate(scene, person, Violation::TokenLeft, text);
        }
    }

    /// A page has shown a guest's cart.
    pub(crate) fn cart_shown(&self, now: Duration, family: FamilyId) {
        self.state().families.notes(family).cleaned.shown_at.get_or_insert(now);
    }

    /// Whether a page had shown this guest's cart by then.
    pub(crate) fn is_cart_known(&self, family: FamilyId, by: Duration) -> bool {
        self.state().families.notes(family).cleaned.shown_at.is_some_and(|at| at <= by)
    }

    /// A fault hit a call that ends a session, so it may be made again.
    pub(crate) fn clean_up_failed(&self, family: FamilyId) {
        self.state().families.notes(family).cleaned.blindly = true;
    }

    /// A replica goes to remove what belongs to a session beside its tokens.
    pub(crate) fn cleaned_up(&self, scene: Scene<'_>, family: FamilyId, store_failed: bool) {
        let mut state = self.state();
        let notes = state.families.notes(family);
        notes.cleaned.times += 1;
        notes.cleaned.blindly |= store_failed;
        if notes.cleaned.times == 1 {
            return;
        }
        if notes.cleaned.blindly {
            state.excuse(Excuse::CleanedAgain);
        } else {
            let text = format!("family {}, {} times", family.0, notes.cleaned.times);
            state.violate(scene, scene.person_of(family), Violation::CleanedTwice, text);
        }
    }

    /// Whoever was asked at this time to end a session has had the time to remove what belonged to it then.
    pub(crate) fn end_settled(
        &self,
        scene: Scene<'_>,
        session: SessionRef,
        asked_at: Duration,
        hindered: bool,
    ) {
        let family = self.family_of(session);
        let is_owed = self.is_cart_known(family, asked_at);
        let looked = scene.core.look(family, |family| (family.cart, family.revoked));
        let Some((Cart::Open, revoked)) = looked else { return };
        if !is_owed {
            return;
        }
        let mut state = self.state();
        // Whoever revoked the family has taken the tokens that remove what belongs to it.
        if hindered || revoked == Some(Revoked::Admin) {
            state.excuse(Excuse::NotCleaned);
        } else {
            let person = scene.person_of(family);
            let text = format!("session {}, family {}", session.0, family.0);
            state.violate(scene, person, Violation::NotCleaned, text);
        }
    }

    /// When the person first requested its end.
    pub(crate) fn ending_since(&self, session: SessionRef) -> Option<Duration> {
        self.state().sessions.of(session).ending_since
    }

    /// Whether the person requested its end.
    pub(crate) fn is_ending(&self, session: SessionRef) -> bool {
        self.state().sessions.of(session).ending_since.is_some()
    }
}
