//! What a back end keeps: families of tokens, and people.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Pair;
use super::authorization::Desk;
use super::ids::{FamilyId, PersonId};
use super::signing::Published;
use super::times::{ACCESS_TTL, LIFE_WITHOUT_ROTATION, SESSION_LIFE};
use super::tokens::Access;
use crate::style::Style;
use crate::timeline::Timeline;

/// Why a family is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Revoked {
    /// A spent token was presented.
    Reuse,
    Admin,
    SignedOut,
}

/// A guest's cart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Cart {
    #[default]
    None,
    /// Nobody but the guest needs it.
    Open,
    /// The guest has signed in as this person, and it went along.
    Of(PersonId),
    Removed,
}

/// All tokens that descend from one sign-in.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) person: PersonId,
    /// How often it was refreshed, which is also the number of the only refresh token that is not spent.
    pub(crate) generation: u32,
    /// When that token was issued.
    pub(crate) rotated_at: Duration,
    pub(super) begun_at: Duration,
    /// When it last had its full life, in the style in which a refresh alone does not give it that.
    pub(super) renewed_at: Duration,
    pub(crate) revoked: Option<Revoked>,
    /// The key of the last refresh, for its repetition.
    pub(super) last_key: Option<Box<str>>,
    /// Access tokens of generations before this are refused although they have not expired.
    pub(super) refused_before: u32,
    /// When the person proved who they are.
    pub(super) authenticated_at: Duration,
    /// That of the sign-in, in the OpenID Connect style.
    nonce: Option<Arc<str>>,
    /// A guest's, in the commercetools style.
    pub(crate) is_guest: bool,
    pub(crate) cart: Cart,
}

#[derive(Clone, Copy, Default)]
pub(super) struct PersonState {
    /// The family of the last sign-in.
    pub(super) latest: Option<FamilyId>,
    /// How often the address was changed.
    pub(super) email: u32,
}

pub(super) struct State {
    pub(super) style: Style,
    pub(super) refresh_ttl: Duration,
    pub(super) families: Vec<Family>,
    people: Vec<PersonState>,
    pub(super) rotations: u64,
    pub(super) desk: Desk,
    pub(super) logout_tokens: u64,
    pub(super) keys: Published,
}

impl State {
    pub(super) fn new(style: Style, refresh_ttl: Duration) -> Self {
        Self {
            style,
            refresh_ttl,
            families: Vec::new(),
            people: Vec::new(),
            rotations: 0,
            desk: Desk::default(),
            logout_tokens: 0,
            keys: Published::default(),
        }
    }

    pub(super) fn begin(&mut self, person: PersonId, nonce: Option<Arc<str>>, now: Duration) -> FamilyId {
        let id = FamilyId(u32::try_from(self.families.len()).unwrap_or(u32::MAX));
        self.families.push(Family {
            person,
            generation: 0,
            rotated_at: now,
            begun_at: now,
            renewed_at: now,
            revoked: None,
            last_key: None,
            refused_before: 0,
            authenticated_at: now,
            nonce,
            is_guest: false,
            cart: Cart::None,
        });
        self.person(person).latest = Some(id);
        id
    }

    pub(super) fn person(&mut self, person: PersonId) -> &mut PersonState {
        let index = person.0 as usize;
        if index >= self.people.len() {
            self.people.resize(index + 1, PersonState::default());
        }
        &mut self.people[index]
    }

    pub(super) fn family(&mut self, id: FamilyId) -> Option<&mut Family> {
        self.families.get_mut(id.0 as usize)
    }

    /// Ends a family, or all of its person.
    pub(super) fn revoke(&mut self, id: FamilyId, why: Revoked, whole_person: bool) {
        let person = self.families[id.0 as usize].person;
        self.families[id.0 as usize].revoked.get_or_insert(why);
        if whole_person {
            for family in self.families.iter_mut().filter(|family| family.person == person) {
                family.revoked.get_or_insert(why);
            }
        }
    }

    /// When the newest refresh token of a family ends.
    pub(super) fn ends_at(&self, family: &Family) -> Duration {
        match self.style {
            Style::JwtSessions => family.begun_at + LIFE_WITHOUT_ROTATION,
            Style::BetterAuth => family.renewed_at + SESSION_LIFE,
            _ => family.rotated_at + self.refresh_ttl,
        }
    }

    pub(super) fn is_guest(&self, family: FamilyId) -> bool {
        self.families.get(family.0 as usize).is_some_and(|family| family.is_guest)
    }

    /// The pair of the family's current generation, whenever it is requested.
    pub(super) fn pair(&mut self, id: FamilyId, now: Duration) -> Pair {
        let person = self.families[id.0 as usize].person;
        let email = self.person(person).email;
        let family = &self.families[id.0 as usize];
        let expires_at = family.rotated_at + ACCESS_TTL;
        Pair {
            person,
            email,
            family: id,
            is_guest: family.is_guest,
            generation: family.generation,
            refresh_number: if self.style.rotates() { family.generation } else { 0 },
            refresh_ttl_secs: self.ends_at(family).saturating_sub(now).as_secs(),
            renewed: false,
            issued_at: Timeline::unix_secs(family.rotated_at),
            expires_at: Timeline::unix_secs(expires_at),
            ttl_secs: expires_at.saturating_sub(now).as_secs().max(1),
            now: Timeline::unix_secs(now),
            told_at: Timeline::wall_secs(now),
            authenticated_at: Timeline::wall_secs(family.authenticated_at),
            nonce: family.nonce.clone(),
            key: self.keys.newest(),
        }
    }

    /// Whether the API takes this access token.
    pub(super) fn accepts(&self, access: &Access, now: Duration) -> bool {
        let family = self.families.get(access.family.0 as usize);
        let is_refused = family.is_none_or(|family| {
            // `jwt_sessions` looks its tokens up, and the others look at the signature.
            let ends_at_once = self.style == Style::JwtSessions && family.revoked.is_some();
            ends_at_once || access.generation < family.refused_before
        });
        !is_refused && Timeline::unix_secs(now) < access.expires_at
    }
}
