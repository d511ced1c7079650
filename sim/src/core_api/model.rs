//! The back end as one thing: calls go in, answers and effects come out.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ironleaf_auth::{Request, Response};

use super::answer::Answer;
use super::call::Call;
use super::effect::Effect;
use super::ids::{FamilyId, PersonId};
use super::state::{Family, Revoked, State};
use super::styles;
use crate::style::Style;

pub(crate) struct CoreApi {
    style: Style,
    state: Mutex<State>,
}

impl CoreApi {
    pub(crate) fn new(style: Style, refresh_ttl: Duration) -> Self {
        Self { style, state: Mutex::new(State::new(style, refresh_ttl)) }
    }

    /// Reads a request in the form of this style.
    pub(crate) fn read(&self, request: &Request) -> Call {
        styles::read(self.style, request)
    }

    /// Writes the answer to a call in the form of this style.
    pub(crate) fn respond(&self, call: &Call, answer: Answer) -> Response {
        styles::respond(self.style, call, answer)
    }

    /// Performs the call.
    pub(crate) fn handle(&self, now: Duration, call: &Call) -> (Answer, Effect) {
        let mut state = self.state();
        let answer = match call {
            Call::SignIn { person } | Call::Guest { person } => {
                let id = state.begin(*person, None, now);
                state.families[id.0 as usize].is_guest = matches!(call, Call::Guest { .. });
                return (Answer::Tokens(state.pair(id, now)), Effect::SignedIn(id));
            }
            Call::Refresh { family, generation, key } => {
                return state.refresh(now, *family, *generation, key.as_deref());
            }
            Call::Exchange { code, verifier, redirect_uri } => {
                return state.exchange(*code, verifier, redirect_uri, now);
            }
            Call::SignOut { access, .. }
                if self.style.signs_out_with_access() && state.accepted(*access, now).is_none() =>
            {
                Answer::Unauthorized
            }
            Call::SignOut { family, .. } => {
                if let Some(family) = state.family(*family) {
                    family.revoked.get_or_insert(Revoked::SignedOut);
                }
                Answer::Done
            }
            Call::RevokeAccess { access } => {
                if let Some(family) = state.family(access.family) {
                    family.refused_before = family.refused_before.max(access.generation + 1);
                }
                Answer::Done
            }
            Call::CurrentUser { access } => state.current_user(*access, now),
            Call::Write { access, csrf } => state.write(*access, *csrf, now),
            Call::CarryOver { access, person } => state.carry_over(*access, *person, now),
            Call::Cart { access, what } => state.cart(*access, *what, now),
            Call::ListSessions { family } => state.list_sessions(*family, now),
            Call::UserInfo { access } => match state.accepted(*access, now) {
                Some(access) => {
                    Answer::Claims { person: access.person, email: state.person(access.person).email }
                }
                None => Answer::Unauthorized,
            },
            Call::Metadata => Answer::Metadata,
            Call::Keys => Answer::Keys(state.keys),
            Call::Push(asked) => Answer::Pushed(state.desk.push(asked.as_ref().clone())),
            Call::Nameless => Answer::Unauthorized,
            Call::Unknown => Answer::NotFound,
        };
        (answer, Effect::None)
    }

    /// From now on, the person has a different address.
    pub(crate) fn change_email(&self, person: PersonId) {
        self.state().person(person).email += 1;
    }

    /// An administrator ends a family.
    pub(crate) fn revoke(&self, family: FamilyId) {
        if let Some(family) = self.state().family(family) {
            family.revoked.get_or_insert(Revoked::Admin);
        }
    }

    #[cfg(test)]
    pub(crate) fn revoke_for_reuse(&self, family: FamilyId) {
        self.state().revoke(family, Revoked::Reuse, false);
    }

    /// From now on, access tokens issued before are refused, as after a change of the signing keys.
    pub(crate) fn refuse_access(&self, family: FamilyId) {
        if let Some(family) = self.state().family(family) {
            family.refused_before = family.generation + 1;
        }
    }

    /// Gives the checker access to a family.
    pub(crate) fn look<T>(&self, family: FamilyId, look: impl FnOnce(&Family) -> T) -> Option<T> {
        self.state().families.get(family.0 as usize).map(look)
    }

    /// Whether the family has a token left that somebody could use.
    pub(crate) fn has_unused_token(&self, family: FamilyId, now: Duration) -> bool {
        let state = self.state();
        let family = state.families.get(family.0 as usize).filter(|family| family.revoked.is_none());
        family.is_some_and(|family| now < state.ends_at(family))
    }

    /// Whether the family's newest token has ended by itself, or does so before `margin` is over.
    pub(crate) fn ends_within(&self, family: FamilyId, now: Duration, margin: Duration) -> bool {
        let state = self.state();
        let family = state.families.get(family.0 as usize);
        family.is_some_and(|family| now + margin >= state.ends_at(family))
    }

    /// Whether it is a guest's.
    pub(crate) fn is_guest(&self, family: FamilyId) -> bool {
        self.state().is_guest(family)
    }

    /// The family of the person's last sign-in.
    pub(crate) fn latest_of(&self, person: PersonId) -> Option<FamilyId> {
        self.state().person(person).latest
    }

    /// How often a token was consumed.
    pub(crate) fn rotations(&self) -> u64 {
        self.state().rotations
    }

    pub(crate) fn families(&self) -> usize {
        self.state().families.len()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
