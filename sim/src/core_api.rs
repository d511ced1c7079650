//! A model of the core API: sign-in, refresh with real rotation, revocation of a family whose token is used twice.
//!
//! It knows nothing of faults, and it signs nothing: our code does not check an access token's signature.

mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::timeline::Timeline;

pub(crate) use wire::{Answer, Call, address_of, subject_of};

/// For how long the same refresh token and key give the same pair.
pub(crate) const REPEATABLE_FOR: Duration = Duration::from_mins(10);

/// How long an access token lives; the lives of the others are settings of a run.
pub(crate) const ACCESS_TTL: Duration = Duration::from_mins(20);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct PersonId(pub u32);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct FamilyId(pub u32);

/// Which core API stands behind us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contract {
    /// The embedded one: a refresh can be repeated under its `Idempotency-Key`.
    Ours,
    /// The one that the contract was recorded from: a lost answer is a lost token.
    Recorded,
}

/// Why a family is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Revoked {
    /// A spent token was presented.
    Reuse,
    Admin,
}

/// Everything that descends from one sign-in.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) person: PersonId,
    /// How often it was refreshed: the number of the one refresh token that is not spent.
    pub(crate) generation: u32,
    /// When that token was issued.
    pub(crate) rotated_at: Duration,
    pub(crate) revoked: Option<Revoked>,
    /// The key of the last refresh, for its repetition.
    last_key: Option<Box<str>>,
    /// Access tokens of generations before this are refused although they live.
    refused_before: u32,
}

/// What a call did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Nothing that anybody could notice later.
    None,
    SignedIn(FamilyId),
    /// The family's token was consumed; this is the generation it now has.
    Rotated(FamilyId, u32),
    /// The last answer was given again.
    Repeated(FamilyId, u32),
    /// A token of a family that is over, or nobody's.
    Refused,
    /// A spent token took its family along.
    CaughtReuse(FamilyId),
}

pub(crate) struct CoreApi {
    contract: Contract,
    refresh_ttl: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    families: Vec<Family>,
    /// The last family of each person.
    latest: Vec<Option<FamilyId>>,
    rotations: u64,
}

impl CoreApi {
    pub(crate) fn new(contract: Contract, refresh_ttl: Duration) -> Self {
        Self { contract, refresh_ttl, state: Mutex::default() }
    }

    /// Does what the call asks for.
    pub(crate) fn handle(&self, now: Duration, call: &Call) -> (Answer, Effect) {
        let mut state = self.state();
        match call {
            Call::SignIn { person } => {
                let family = state.begin(*person, now);
                (Answer::Tokens(state.pair(family, now)), Effect::SignedIn(family))
            }
            Call::Refresh { family, generation, key } => {
                self.refresh(&mut state, now, *family, *generation, key.as_deref())
            }
            Call::CurrentUser { access: Some(access) } if state.accepts(access, now) => {
                (Answer::User(access.person), Effect::None)
            }
            Call::CurrentUser { .. } => (Answer::Unauthorized, Effect::None),
            Call::Unknown => (Answer::NotFound, Effect::None),
        }
    }

    fn refresh(
        &self,
        state: &mut State,
        now: Duration,
        id: FamilyId,
        generation: u32,
        key: Option<&str>,
    ) -> (Answer, Effect) {
        let key = key.filter(|_| self.contract == Contract::Ours);
        let Some(family) = state.families.get_mut(id.0 as usize) else {
            return (Answer::InvalidCredentials, Effect::Refused);
        };
        if family.revoked.is_some() || generation > family.generation {
            return (Answer::InvalidCredentials, Effect::Refused);
        }
        if generation == family.generation {
            if now >= family.rotated_at + self.refresh_ttl {
                return (Answer::InvalidCredentials, Effect::Refused);
            }
            family.generation += 1;
            family.rotated_at = now;
            family.last_key = key.map(Into::into);
            let effect = Effect::Rotated(id, family.generation);
            state.rotations += 1;
            return (Answer::Tokens(state.pair(id, now)), effect);
        }
        let is_repetition = generation + 1 == family.generation
            && key.is_some()
            && family.last_key.as_deref() == key
            && now < family.rotated_at + REPEATABLE_FOR;
        if is_repetition {
            let effect = Effect::Repeated(id, family.generation);
            return (Answer::Tokens(state.pair(id, now)), effect);
        }
        family.revoked = Some(Revoked::Reuse);
        (Answer::InvalidCredentials, Effect::CaughtReuse(id))
    }

    /// An administrator ends a family.
    pub(crate) fn revoke(&self, family: FamilyId) {
        if let Some(family) = self.state().families.get_mut(family.0 as usize) {
            family.revoked.get_or_insert(Revoked::Admin);
        }
    }

    /// Access tokens issued until now are refused from now on, as after a change of the signing keys.
    pub(crate) fn refuse_access(&self, family: FamilyId) {
        if let Some(family) = self.state().families.get_mut(family.0 as usize) {
            family.refused_before = family.generation + 1;
        }
    }

    /// A look at a family, for the checker.
    pub(crate) fn look<T>(&self, family: FamilyId, look: impl FnOnce(&Family) -> T) -> Option<T> {
        self.state().families.get(family.0 as usize).map(look)
    }

    /// Whether a token of the family is left that somebody could use.
    pub(crate) fn has_unused_token(&self, family: FamilyId, now: Duration) -> bool {
        let ends = |family: &Family| family.rotated_at + self.refresh_ttl;
        self.look(family, |family| family.revoked.is_none() && now < ends(family)).unwrap_or(false)
    }

    /// The family of the person's last sign-in.
    pub(crate) fn latest_of(&self, person: PersonId) -> Option<FamilyId> {
        self.state().latest.get(person.0 as usize).copied().flatten()
    }

    /// How often a token was consumed.
    pub(crate) fn rotations(&self) -> u64 {
        self.state().rotations
    }

    pub(crate) fn families(&self) -> usize {
        self.state().families.len()
    }

    /// Whether answers say that a refresh can be repeated.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.contract == Contract::Ours
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, person: PersonId, now: Duration) -> FamilyId {
        let id = FamilyId(u32::try_from(self.families.len()).unwrap_or(u32::MAX));
        self.families.push(Family {
            person,
            generation: 0,
            rotated_at: now,
            revoked: None,
            last_key: None,
            refused_before: 0,
        });
        let index = person.0 as usize;
        if index >= self.latest.len() {
            self.latest.resize(index + 1, None);
        }
        self.latest[index] = Some(id);
        id
    }

    /// The pair that belongs to the family's present generation, whenever it is asked for.
    fn pair(&self, id: FamilyId, now: Duration) -> wire::Pair {
        let family = &self.families[id.0 as usize];
        let expires_at = family.rotated_at + ACCESS_TTL;
        wire::Pair {
            person: family.person,
            family: id,
            generation: family.generation,
            issued_at: Timeline::unix_secs(family.rotated_at),
            expires_at: Timeline::unix_secs(expires_at),
            ttl_secs: expires_at.saturating_sub(now).as_secs().max(1),
        }
    }

    fn accepts(&self, access: &wire::Access, now: Duration) -> bool {
        let family = self.families.get(access.family.0 as usize);
        let is_refused = family.is_none_or(|family| access.generation < family.refused_before);
        !is_refused && Timeline::unix_secs(now) < access.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_hours(48);

    fn refresh(api: &CoreApi, at_secs: u64, generation: u32, key: Option<&str>) -> Effect {
        let call = Call::Refresh { family: FamilyId(0), generation, key: key.map(Into::into) };
        api.handle(Duration::from_secs(at_secs), &call).1
    }

    fn signed_in(contract: Contract) -> CoreApi {
        let api = CoreApi::new(contract, LIFE);
        let (_, effect) = api.handle(Duration::ZERO, &Call::SignIn { person: PersonId(3) });
        assert_eq!(effect, Effect::SignedIn(FamilyId(0)));
        api
    }

    #[test]
    fn a_spent_token_takes_its_family_along() {
        let api = signed_in(Contract::Ours);
        assert_eq!(refresh(&api, 1, 0, None), Effect::Rotated(FamilyId(0), 1));
        assert!(api.has_unused_token(FamilyId(0), Duration::from_secs(2)));
        assert_eq!(refresh(&api, 2, 0, None), Effect::CaughtReuse(FamilyId(0)));
        assert_eq!(refresh(&api, 3, 1, None), Effect::Refused);
        assert!(!api.has_unused_token(FamilyId(0), Duration::from_secs(4)));
    }

    #[test]
    fn the_same_key_gives_the_same_pair_for_ten_minutes() {
        let api = signed_in(Contract::Ours);
        assert_eq!(refresh(&api, 0, 0, Some("key")), Effect::Rotated(FamilyId(0), 1));
        assert_eq!(refresh(&api, 599, 0, Some("key")), Effect::Repeated(FamilyId(0), 1));
        assert_eq!(refresh(&api, 600, 0, Some("key")), Effect::CaughtReuse(FamilyId(0)));
    }

    #[test]
    fn another_key_is_a_reuse() {
        let api = signed_in(Contract::Ours);
        refresh(&api, 0, 0, Some("key"));
        assert_eq!(refresh(&api, 1, 0, Some("another")), Effect::CaughtReuse(FamilyId(0)));
    }

    #[test]
    fn the_recorded_contract_knows_no_key() {
        let api = signed_in(Contract::Recorded);
        refresh(&api, 0, 0, Some("key"));
        assert_eq!(refresh(&api, 1, 0, Some("key")), Effect::CaughtReuse(FamilyId(0)));
    }

    #[test]
    fn an_access_token_is_good_until_it_ends_even_after_its_family() {
        let api = signed_in(Contract::Ours);
        let ends = Timeline::unix_secs(ACCESS_TTL);
        let access =
            wire::Access { person: PersonId(3), family: FamilyId(0), generation: 0, expires_at: ends };
        let call = Call::CurrentUser { access: Some(access) };
        api.revoke(FamilyId(0));
        assert!(matches!(api.handle(ACCESS_TTL / 2, &call).0, Answer::User(PersonId(3))));
        assert!(matches!(api.handle(ACCESS_TTL, &call).0, Answer::Unauthorized));
        api.refuse_access(FamilyId(0));
        assert!(matches!(api.handle(ACCESS_TTL / 2, &call).0, Answer::Unauthorized));
    }

    #[test]
    fn a_refresh_token_ends_by_itself() {
        let api = signed_in(Contract::Ours);
        assert_eq!(refresh(&api, LIFE.as_secs(), 0, None), Effect::Refused);
    }
}
