//! Somebody who mistypes a password under a fault, and has the right one when it is over.

use crate::figures::Figures;
use crate::world::{OLD_PASSWORD, Person, World, sign_in_form};

/// Fewer than are free: nobody has to wait after them.
const TYPING_ERRORS: usize = 3;

pub(crate) struct Guesser(Person);

impl Guesser {
    pub(crate) async fn prepare(world: &World) -> Self {
        Self(world.account().await)
    }

    /// Wrong passwords sign nobody in, and each answer says that it was wrong or that nobody could tell.
    pub(crate) async fn guess(&mut self, figures: &mut Figures) {
        let Self(person) = self;
        for _ in 0..TYPING_ERRORS {
            let answer = person.browser.post("/api/sign-in", &sign_in_form(&person.email, "mistyped")).await;
            figures.requests += 1;
            figures.slowest_form = figures.slowest_form.max(answer.took);
            if (answer.status, &answer.location[..]) != (303, "/login") || person.browser.has_session() {
                figures.wrong.push(format!("a wrong password: {} {}", answer.status, answer.location));
            }
        }
    }

    /// At once: what was counted under the fault keeps nobody waiting.
    pub(crate) async fn is_let_in(&mut self, figures: &mut Figures) {
        let Self(person) = self;
        let answer = person.browser.post("/api/sign-in", &sign_in_form(&person.email, OLD_PASSWORD)).await;
        figures.requests += 1;
        if (answer.status, &answer.location[..]) != (303, "/") {
            figures.wrong.push(format!("the right password, then: {} {}", answer.status, answer.location));
        }
    }
}
