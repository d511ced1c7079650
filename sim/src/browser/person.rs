//! A person: some visits a day of different kinds, and the patience to try again.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::ask::{Ask, What};
use super::state::Browser;
use crate::core_api::PersonId;
use crate::dice::Dice;
use crate::timeline::pass;
use crate::world::World;

/// When a page did not come, a person tries again after these times: the first one is what Retry-After says.
const TRIES_AGAIN_AFTER: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(12),
    Duration::from_secs(40),
    Duration::from_mins(3),
    Duration::from_mins(30),
];

pub(crate) struct Person {
    pub(super) world: Arc<World>,
    pub(super) browser: Arc<Browser>,
    pub(super) dice: Dice,
    pub(super) id: PersonId,
}

impl Person {
    pub(crate) fn new(world: Arc<World>, id: PersonId) -> Self {
        let browser = Arc::new(Browser::new(Arc::clone(&world), id));
        let dice = Dice::new(world.setup.seed ^ (u64::from(id.0) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self { world, browser, dice, id }
    }

    /// From the first visit to the last.
    pub(crate) async fn live(mut self) {
        let first = self.dice.secs(0, 8 * 3600);
        pass(first).await;
        while self.world.now() < self.world.end() {
            if self.browser.session().is_some() || self.sign_in().await {
                self.visit().await;
            }
            let pause = self.dice.mostly_short(Duration::from_mins(5), Duration::from_hours(36));
            pass(pause).await;
        }
    }

    pub(super) async fn sign_in(&mut self) -> bool {
        for wait in TRIES_AGAIN_AFTER {
            if self.try_to_sign_in().await == Answer::Done && self.browser.session().is_some() {
                return true;
            }
            pass(wait).await;
        }
        false
    }

    pub(super) async fn try_to_sign_in(&mut self) -> Answer {
        if self.world.setup.style.is_openid() {
            return self.sign_in_there().await;
        }
        // No guest begins beside the cookie of somebody who was signed in.
        if self.world.setup.style.has_guests() && !self.browser.has_cookie() && self.dice.once_in(2) {
            return self.visit_as_guest().await;
        }
        self.ask(What::SignIn).await
    }

    pub(super) async fn ask(&self, what: What) -> Answer {
        Arc::clone(&self.browser).fetch(Ask::plain(what)).await
    }

    /// Asks for a page until it comes, or patience ends.
    pub(super) async fn page(&self) -> Answer {
        let mut answer = self.ask(What::Page).await;
        for wait in TRIES_AGAIN_AFTER {
            if !matches!(answer, Answer::Unavailable | Answer::None | Answer::NotHere) {
                break;
            }
            pass(wait).await;
            answer = self.ask(What::Page).await;
        }
        answer
    }
}
