//! A model of the API of each style: sign-in, refresh with or without rotation, and the cost of reusing a token.
//!
//! It has no faults. It signs what our code checks, which access tokens are not.

mod authorization;
mod ids;
mod openid;
mod sign_ins;
mod signing;
mod times;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ironleaf_auth::{Request, Response};

use crate::style::Style;
use crate::timeline::Timeline;

use authorization::Desk;
use signing::Published;

pub(crate) use authorization::{AtPage, CLIENT_ID, CodeId, ISSUER};
pub(crate) use ids::{FamilyId, PersonId};
pub(crate) use openid::{CLIENT_SECRET, ROLES_CLAIM};
pub(crate) use times::{ACCESS_TTL, GRACE, REPEATABLE_FOR};
pub(crate) use wire::{
    Answer, Call, CookieValue, SESSION_COOKIE, address_of, guest_address_of, guest_id, json, person_in,
    shown_to, subject_of, version_in,
};

/// A session cookie is set anew with another value when it is so old.
const COOKIE_RENEWED_AFTER: Duration = Duration::from_hours(3);
/// For so long after a sign-in, the person may list their sign-ins.
const FRESH_FOR: Duration = Duration::from_hours(24);
/// Its former value is valid for this long after the new one was first shown.
const FORMER_COOKIE_STAYS: Duration = Duration::from_hours(24);
/// For so long it is if nobody shows the new one.
const UNREPLACED_COOKIE_STAYS: Duration = Duration::from_hours(72);

/// Why a family is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Revoked {
    /// A spent token was presented.
    Reuse,
    Admin,
    SignedOut,
}

/// All tokens that descend from one sign-in.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) person: PersonId,
    /// How often it was refreshed, which is also the number of the only refresh token that is not spent.
    pub(crate) generation: u32,
    /// When that token was issued.
    pub(crate) rotated_at: Duration,
    pub(crate) revoked: Option<Revoked>,
    /// The key of the last refresh, for its repetition.
    last_key: Option<Box<str>>,
    /// Access tokens of generations before this are refused although they have not expired.
    refused_before: u32,
    cookie: Cookie,
    /// When the person proved who they are.
    authenticated_at: Duration,
    /// That of the sign-in, in the OpenID Connect style.
    nonce: Option<Arc<str>>,
    /// A guest's, in the commercetools style.
    pub(crate) is_guest: bool,
    /// The guest whose cart it is, in the commercetools style.
    pub(crate) cart_of: Option<FamilyId>,
}

/// The value of a session cookie, as its number.
#[derive(Clone, Copy, Debug, Default)]
struct Cookie {
    serial: u32,
    issued_at: Duration,
    /// When the newest value first arrived.
    shown_at: Option<Duration>,
}

/// The effect of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Nothing that could be noticed later.
    None,
    SignedIn(FamilyId),
    /// The family's token was consumed. This is the family's new generation.
    Rotated(FamilyId, u32),
    /// The last answer was given again.
    Repeated(FamilyId, u32),
    /// A token of a family that is over, or an unknown one.
    Refused,
    /// A token was used as a thief would use it. It ended its family, or all families of the person.
    CaughtReuse(FamilyId),
    /// A code was presented again, which ended the family of the first time.
    CodeAgain(FamilyId, CodeId),
}

pub(crate) struct CoreApi {
    style: Style,
    refresh_ttl: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    families: Vec<Family>,
    people: Vec<PersonState>,
    rotations: u64,
    desk: Desk,
    logout_tokens: u64,
    keys: Published,
}

#[derive(Clone, Copy, Default)]
struct PersonState {
    /// The family of the last sign-in.
    latest: Option<FamilyId>,
    /// How often the address was changed.
    email: u32,
}

impl CoreApi {
    pub(crate) fn new(style: Style, refresh_ttl: Duration) -> Self {
        Self { style, refresh_ttl, state: Mutex::default() }
    }

    /// Reads a request in the form of this style.
    pub(crate) fn read(&self, request: &Request) -> Call {
        let of_provider = self.style.is_openid().then(|| openid::read(request)).flatten();
        of_provider.unwrap_or_else(|| Call::read(request))
    }

    /// Writes an answer in the form of this style.
    pub(crate) fn respond(&self, answer: Answer) -> Response {
        if self.style.is_openid() { openid::response(answer) } else { answer.into_response(self.style) }
    }

    /// Performs the call.
    pub(crate) fn handle(&self, now: Duration, call: &Call) -> (Answer, Effect) {
        let mut state = self.state();
        match call {
            Call::SignIn { person } => {
                let family = state.begin(*person, None, now);
                (Answer::Tokens(state.pair(family, now)), Effect::SignedIn(family))
            }
            Call::Guest { person } => {
                let family = state.begin(*person, None, now);
                let guest = &mut state.families[family.0 as usize];
                (guest.is_guest, guest.cart_of) = (true, Some(family));
                (Answer::Tokens(state.pair(family, now)), Effect::SignedIn(family))
            }
            Call::SignInWithCart { person, guest } => {
                let cart_of = state.families.get(guest.0 as usize).and_then(|guest| guest.cart_of);
                let family = state.begin(*person, None, now);
                state.families[family.0 as usize].cart_of = cart_of;
                (Answer::Tokens(state.pair(family, now)), Effect::SignedIn(family))
            }
            Call::CleanUp { .. } => (Answer::Done, Effect::None),
            Call::Refresh { family, generation, key } => {
                self.refresh(&mut state, now, *family, *generation, key.as_deref())
            }
            Call::SignOut { family } => {
                if let Some(family) = state.families.get_mut(family.0 as usize) {
                    family.revoked.get_or_insert(Revoked::SignedOut);
                }
                (Answer::Done, Effect::None)
            }
            Call::CurrentUser { access: Some(access), .. }
                if state.accepts(access, now) && state.is_guest(access.family) =>
            {
                (Answer::Guest(access.family), Effect::None)
            }
            Call::CurrentUser { access: Some(access), cookie } if state.accepts(access, now) => {
                let email = state.person(access.person).email;
                let cookie = cookie.and_then(|value| state.renew_cookie(value, now));
                (Answer::User { person: access.person, email, cookie }, Effect::None)
            }
            Call::ListSessions { cookie: Some(value) } => (state.list_sessions(*value, now), Effect::None),
            Call::UserInfo { access: Some(access) } if state.accepts(access, now) => {
                let email = state.person(access.person).email;
                (Answer::Claims { person: access.person, email }, Effect::None)
            }
            Call::CurrentUser { .. } | Call::UserInfo { .. } | Call::ListSessions { .. } => {
                (Answer::Unauthorized, Effect::None)
            }
            Call::Metadata => (Answer::Metadata, Effect::None),
            Call::Keys => (Answer::Keys(state.keys), Effect::None),
            Call::Push(asked) => (Answer::Pushed(state.desk.push(asked.as_ref().clone())), Effect::None),
            Call::Exchange { code, verifier, redirect_uri } => {
                state.exchange(*code, verifier, redirect_uri, now)
            }
            Call::Unknown => (Answer::NotFound, Effect::None),
        }
    }

    /// `generation` is that of the token, or the number of the cookie's value.
    fn refresh(
        &self,
        state: &mut State,
        now: Duration,
        id: FamilyId,
        generation: u32,
        key: Option<&str>,
    ) -> (Answer, Effect) {
        let refused = match self.style {
            Style::BetterAuth if id.0.is_multiple_of(2) => (Answer::Nobody, Effect::Refused),
            Style::CookieApi => (Answer::Forbidden, Effect::Refused),
            _ => (Answer::InvalidCredentials, Effect::Refused),
        };
        let Some(family) = state.families.get_mut(id.0 as usize) else {
            return refused;
        };
        if family.revoked.is_some() {
            return refused;
        }
        let is_over = now >= family.rotated_at + self.refresh_ttl;
        match self.style {
            Style::Commercetools | Style::JwtSessions | Style::BetterAuth if is_over => refused,
            Style::BetterAuth if !family.cookie.accepts(generation, now) => refused,
            Style::JwtSessions if is_alive(family.rotated_at, now) => {
                family.revoked = Some(Revoked::Reuse);
                (Answer::InvalidCredentials, Effect::CaughtReuse(id))
            }
            Style::Commercetools | Style::JwtSessions | Style::BetterAuth => state.rotate(id, None, now),
            Style::Ours | Style::Recorded | Style::CookieApi | Style::Graced | Style::OpenId => {
                if generation > family.generation || generation == family.generation && is_over {
                    return refused;
                }
                let key = key.filter(|_| self.style == Style::Ours);
                if generation == family.generation {
                    return state.rotate(id, key, now);
                }
                let is_last = generation + 1 == family.generation;
                if is_last && self.is_repetition(family, key, now) {
                    return (Answer::Tokens(state.pair(id, now)), Effect::Repeated(id, generation + 1));
                }
                state.revoke(id, Revoked::Reuse, self.style == Style::CookieApi);
                (refused.0, Effect::CaughtReuse(id))
            }
        }
    }

    /// Whether the request repeats the family's last refresh.
    fn is_repetition(&self, family: &Family, key: Option<&str>, now: Duration) -> bool {
        let is_same = self.style == Style::Graced || key.is_some() && family.last_key.as_deref() == key;
        is_same && self.style.repeatable_for().is_some_and(|time| now < family.rotated_at + time)
    }

    /// From now on, the person has a different address.
    pub(crate) fn change_email(&self, person: PersonId) {
        self.state().person(person).email += 1;
    }

    /// An administrator ends a family.
    pub(crate) fn revoke(&self, family: FamilyId) {
        if let Some(family) = self.state().families.get_mut(family.0 as usize) {
            family.revoked.get_or_insert(Revoked::Admin);
        }
    }

    #[cfg(test)]
    pub(crate) fn revoke_for_reuse(&self, family: FamilyId) {
        self.state().revoke(family, Revoked::Reuse, false);
    }

    /// From now on, access tokens issued before are refused, as after a change of the signing keys.
    pub(crate) fn refuse_access(&self, family: FamilyId) {
        if let Some(family) = self.state().families.get_mut(family.0 as usize) {
            family.refused_before = family.generation + 1;
        }
    }

    /// Gives the checker access to a family.
    pub(crate) fn look<T>(&self, family: FamilyId, look: impl FnOnce(&Family) -> T) -> Option<T> {
        self.state().families.get(family.0 as usize).map(look)
    }

    /// Whether the family has a token left that somebody could use.
    pub(crate) fn has_unused_token(&self, family: FamilyId, now: Duration) -> bool {
        let ends = |family: &Family| family.rotated_at + self.refresh_ttl;
        self.look(family, |family| family.revoked.is_none() && now < ends(family)).unwrap_or(false)
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, person: PersonId, nonce: Option<Arc<str>>, now: Duration) -> FamilyId {
        let id = FamilyId(u32::try_from(self.families.len()).unwrap_or(u32::MAX));
        self.families.push(Family {
            person,
            generation: 0,
            rotated_at: now,
            revoked: None,
            last_key: None,
            refused_before: 0,
            cookie: Cookie { issued_at: now, ..Cookie::default() },
            authenticated_at: now,
            nonce,
            is_guest: false,
            cart_of: None,
        });
        self.person(person).latest = Some(id);
        id
    }

    fn person(&mut self, person: PersonId) -> &mut PersonState {
        let index = person.0 as usize;
        if index >= self.people.len() {
            self.people.resize(index + 1, PersonState::default());
        }
        &mut self.people[index]
    }

    fn rotate(&mut self, id: FamilyId, key: Option<&str>, now: Duration) -> (Answer, Effect) {
        let family = &mut self.families[id.0 as usize];
        family.generation += 1;
        family.rotated_at = now;
        family.last_key = key.map(Into::into);
        let effect = Effect::Rotated(id, family.generation);
        self.rotations += 1;
        (Answer::Tokens(self.pair(id, now)), effect)
    }

    /// Ends a family, or all of its person.
    fn revoke(&mut self, id: FamilyId, why: Revoked, whole_person: bool) {
        let person = self.families[id.0 as usize].person;
        self.families[id.0 as usize].revoked.get_or_insert(why);
        if whole_person {
            for family in self.families.iter_mut().filter(|family| family.person == person) {
                family.revoked.get_or_insert(why);
            }
        }
    }

    /// A cookie that comes with a call is set again, with another value if it is old.
    fn renew_cookie(&mut self, value: CookieValue, now: Duration) -> Option<CookieValue> {
        let cookie = &mut self.families.get_mut(value.family.0 as usize)?.cookie;
        if value.serial == cookie.serial && now >= cookie.issued_at + COOKIE_RENEWED_AFTER {
            *cookie = Cookie { serial: cookie.serial + 1, issued_at: now, shown_at: None };
        }
        cookie.accepts(value.serial, now).then_some(CookieValue { serial: cookie.serial, ..value })
    }

    /// What the list of a person's sign-ins is answered with. After a day it is refused, which ends nothing, and the
    /// refusal renews the cookie like any other answer.
    fn list_sessions(&mut self, value: CookieValue, now: Duration) -> Answer {
        let family = self.families.get(value.family.0 as usize).filter(|family| family.revoked.is_none());
        let Some(is_fresh) = family.map(|family| now < family.authenticated_at + FRESH_FOR) else {
            return Answer::Unauthorized;
        };
        let Some(cookie) = self.renew_cookie(value, now) else { return Answer::Unauthorized };
        if is_fresh { Answer::Sessions(cookie) } else { Answer::NotFresh(cookie) }
    }

    fn is_guest(&self, family: FamilyId) -> bool {
        self.families.get(family.0 as usize).is_some_and(|family| family.is_guest)
    }

    /// The pair of the family's current generation, whenever it is requested.
    fn pair(&mut self, id: FamilyId, now: Duration) -> wire::Pair {
        let email = self.families.get(id.0 as usize).map(|family| family.person);
        let email = email.map_or(0, |person| self.person(person).email);
        let family = &self.families[id.0 as usize];
        let expires_at = family.rotated_at + ACCESS_TTL;
        wire::Pair {
            person: family.person,
            email,
            family: id,
            generation: family.generation,
            serial: family.cookie.serial,
            issued_at: Timeline::unix_secs(family.rotated_at),
            expires_at: Timeline::unix_secs(expires_at),
            ttl_secs: expires_at.saturating_sub(now).as_secs().max(1),
            told_at: Timeline::wall_secs(now),
            authenticated_at: Timeline::wall_secs(family.authenticated_at),
            nonce: family.nonce.clone(),
            key: self.keys.newest(),
        }
    }

    fn accepts(&self, access: &wire::Access, now: Duration) -> bool {
        let family = self.families.get(access.family.0 as usize);
        let is_refused = family.is_none_or(|family| access.generation < family.refused_before);
        !is_refused && Timeline::unix_secs(now) < access.expires_at
    }
}

/// Whether an access token issued at that time is valid. It expires on a whole second.
fn is_alive(issued_at: Duration, now: Duration) -> bool {
    Timeline::unix_secs(now) < Timeline::unix_secs(issued_at + ACCESS_TTL)
}

impl Cookie {
    /// Whether this value is valid. The former one is, until the newest has been shown for a while, or was never shown
    /// for as long as nobody stays away.
    fn accepts(&mut self, serial: u32, now: Duration) -> bool {
        if serial == self.serial {
            self.shown_at.get_or_insert(now);
            return true;
        }
        let is_former = serial + 1 == self.serial;
        let until = self
            .shown_at
            .map_or(self.issued_at + UNREPLACED_COOKIE_STAYS, |shown| shown + FORMER_COOKIE_STAYS);
        is_former && now < until
    }
}

#[cfg(test)]
mod tests;
