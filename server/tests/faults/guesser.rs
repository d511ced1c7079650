//! A person who mistypes their password during a fault, and types it correctly afterwards.

use crate::figures::Figures;
use crate::world::{OLD_PASSWORD, Person, World, sign_in_form};

/// Fewer than the free failures, so that nobody has to wait afterwards.
const TYPING_ERRORS: usize = 3;

pub(crate) struct Guesser(Person);

impl Guesser {
    pub(crate) async fn prepare(world: &World) -> Self {
        Self(world.account().await)
    }

    /// Tries wrong passwords. None may sign in, and each has to lead back to the sign-in page.
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

    /// Signs in immediately: the failures counted during the fault must not delay it.
    pub(crate) async fn is_let_in(&mut self, figures: &mut Figures) {
        let Self(person) = self;
        let answer = person.browser.post("/api/sign-in", &sign_in_form(&person.email, OLD_PASSWORD)).await;
        figures.requests += 1;
        if (answer.status, &answer.location[..]) != (303, "/") {
            figures.wrong.push(format!("the right password, then: {} {}", answer.status, answer.location));
        }
    }
}
