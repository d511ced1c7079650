//! What is done with an access token or with a session cookie: people, carts, forms and lists.

use std::time::Duration;

use super::answer::Answer;
use super::call::CartCall;
use super::ids::{FamilyId, PersonId};
use super::state::{Cart, State};
use super::times::FRESH_FOR;
use super::tokens::Access;

impl State {
    /// A guest is nobody's record.
    pub(super) fn current_user(&mut self, access: Option<Access>, now: Duration) -> Answer {
        let Some(access) = self.accepted(access, now) else { return Answer::Unauthorized };
        if self.is_guest(access.family) {
            return Answer::NotFound;
        }
        Answer::User { person: access.person, email: self.person(access.person).email }
    }

    /// A form is taken only together with the value of the last refresh.
    pub(super) fn write(
        &self,
        access: Option<Access>,
        csrf: Option<(FamilyId, u32)>,
        now: Duration,
    ) -> Answer {
        let access = self.accepted(access, now);
        let newest = access.and_then(|access| {
            let family = self.families.get(access.family.0 as usize)?;
            Some((access.family, family.generation))
        });
        match newest.filter(|newest| csrf == Some(*newest)) {
            Some((family, generation)) => Answer::Written { family, generation, mask: now.as_secs() },
            None => Answer::Unauthorized,
        }
    }

    /// The list of a person's sign-ins. After a day it is refused, which ends nothing, and the refusal renews the
    /// session like any other answer.
    pub(super) fn list_sessions(&mut self, family: Option<FamilyId>, now: Duration) -> Answer {
        let living = family.filter(|id| {
            let family = self.families.get(id.0 as usize).filter(|family| family.revoked.is_none());
            family.is_some_and(|family| now < self.ends_at(family))
        });
        let Some(id) = living else { return Answer::Unauthorized };
        let renewed = self.renew(id, now).then_some(id);
        let is_fresh = now < self.families[id.0 as usize].authenticated_at + FRESH_FOR;
        if is_fresh { Answer::Sessions { renewed } } else { Answer::NotFresh { renewed } }
    }

    /// The cart of this guest is that of the person from now on.
    pub(super) fn carry_over(&mut self, access: Option<Access>, person: PersonId, now: Duration) -> Answer {
        let Some(access) = self.accepted(access, now) else { return Answer::Unauthorized };
        if let Some(guest) = self.family(access.family).filter(|guest| guest.cart == Cart::Open) {
            guest.cart = Cart::Of(person);
        }
        Answer::Done
    }

    /// Whoever asks for a cart of somebody else finds none.
    pub(super) fn cart(&mut self, access: Option<Access>, what: CartCall, now: Duration) -> Answer {
        let Some(access) = self.accepted(access, now) else { return Answer::Unauthorized };
        let id = match what {
            CartCall::Find(guest) | CartCall::Remove(guest) => guest,
            CartCall::Show | CartCall::Open => access.family,
        };
        let guest = self.family(id).filter(|guest| guest.is_guest && id == access.family);
        let Some(guest) = guest else { return Answer::NotFound };
        guest.cart = match (what, guest.cart) {
            (CartCall::Open, Cart::None) => Cart::Open,
            (CartCall::Remove(_), Cart::Open) => Cart::Removed,
            (_, cart) => cart,
        };
        match (what, guest.cart) {
            (CartCall::Remove(_), Cart::Removed) => Answer::Done,
            // The sign-in that took the first cart along may have failed in the end. The guest goes on with a second one.
            (_, Cart::Open) | (CartCall::Open, Cart::Of(_)) => Answer::Cart { guest: id, person: None },
            (CartCall::Find(_), Cart::Of(person)) => Answer::Cart { guest: id, person: Some(person) },
            _ => Answer::NotFound,
        }
    }

    pub(super) fn accepted(&self, access: Option<Access>, now: Duration) -> Option<Access> {
        access.filter(|access| self.accepts(access, now))
    }
}
