//! Guests: a look around without an account, a cart, and perhaps a sign-in.

use std::sync::Arc;

use super::answer::{Answer, Exchange};
use super::ask::{Ask, What};
use super::person::Person;
use super::state::Browser;
use crate::checker::Violation;
use crate::core_api::{Cart, Revoked};
use crate::counts::Fault;
use crate::timeline::pass;

impl Person {
    /// Looks around without an account. Two of three sign in after a while, some after their token has expired.
    pub(super) async fn visit_as_guest(&mut self) -> Answer {
        self.world.counts.fault(Fault::Guest);
        let answer = Arc::clone(&self.browser).fetch(Ask::guest()).await;
        if answer != Answer::Done || self.dice.once_in(3) {
            return answer;
        }
        self.page().await;
        let stay = self.dice.secs(10, 40 * 60);
        pass(stay).await;
        self.world.counts.fault(Fault::GuestSignedIn);
        self.ask(What::SignIn).await
    }
}

impl Browser {
    /// A guest who has signed in has their cart.
    pub(super) fn judge_cart(&self, exchange: &Exchange) {
        let world = &self.world;
        let Some(session) = exchange.sent.session.filter(|_| !exchange.ask.as_guest) else { return };
        let guest = world.checker.family_of(session);
        // A guest session that was over before has no cart to take along.
        let is_revoked =
            world.core.look(guest, |guest| matches!(guest.revoked, Some(Revoked::Admin | Revoked::Reuse)));
        let was_over = !exchange.first_to_end || exchange.sent.over || is_revoked == Some(true);
        let is_known = world.core.is_guest(guest) && world.checker.is_cart_known(guest, exchange.ingress);
        if !is_known || exchange.key_unknown() || was_over || exchange.sent.glance.is_none() {
            return;
        }
        if world.checker.was_over(world.scene(), exchange.seen(session)).is_some() {
            return;
        }
        let cart = world.core.look(guest, |guest| guest.cart).unwrap_or_default();
        if cart != Cart::Of(self.person) {
            let text = format!("#{} the cart of {guest:?} is {cart:?}", exchange.number);
            world.checker.violate(world.scene(), self.person, Violation::CartLost, text);
        }
    }
}
