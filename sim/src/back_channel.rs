//! The provider ends a sign-in and tells one replica (OpenID Connect Back-Channel Logout 1.0). Now and then the same
//! token comes twice.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};

use crate::checker::{Ended, Violation};
use crate::core_api::{FamilyId, PersonId, Revoked};
use crate::counts::Fault;
use crate::timeline::pass;
use crate::world::World;

/// How long the provider waits for an answer.
const GIVES_UP_AFTER: Duration = Duration::from_secs(5);
/// The person's browser waits for the answer at some providers.
const PROMPT: Duration = Duration::from_millis(100);
/// What disturbed a replica so recently may still slow it down.
const RECENTLY: Duration = Duration::from_mins(1);
/// By then, the end was tried to be recorded once.
const END_IS_TRIED_WITHIN: Duration = Duration::from_secs(3);
/// Machines differ by so much. A session that began so shortly before the end may count as one that began after it.
const SKEW: Duration = Duration::from_secs(31);
/// A token is good for two minutes, and all clocks together may add a minute to that.
const REPEATED_WITHIN_SECS: u64 = 190;

/// Whom a notice is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// One sign-in (`sid`).
    SignIn,
    /// Everything of the person (`sub` alone).
    Person,
}

/// The provider ends a sign-in, or all of its person, and sends its notice.
pub(crate) fn end(world: &Arc<World>, family: FamilyId, why: Revoked, named: Named) {
    let whole_person = named == Named::Person;
    let Some(token) = world.core.end_sign_in(world.core_now(), family, why, whole_person) else { return };
    let Some(person) = world.core.look(family, |family| family.person) else { return };
    world.counts.fault(if whole_person { Fault::PersonEnded } else { Fault::SignInEnded });
    world.tell_of(
        person,
        format!("the provider ends {}", if whole_person { "every sign-in" } else { "a sign-in" }),
    );
    let notice = Notice { family, person, named, sent_at: world.now(), token };
    tokio::spawn(notice.deliver(Arc::clone(world)));
}

struct Notice {
    family: FamilyId,
    person: PersonId,
    named: Named,
    sent_at: Duration,
    token: String,
}

impl Notice {
    async fn deliver(self, world: Arc<World>) {
        let is_taken = self.send(&world).await == Some(StatusCode::OK);
        let (repeats, wait) = {
            let mut dice = world.dice();
            (dice.once_in(2), dice.secs(1, REPEATED_WITHIN_SECS))
        };
        if !repeats {
            return;
        }
        pass(wait).await;
        world.counts.fault(Fault::LogoutRepeated);
        if self.send(&world).await == Some(StatusCode::OK) && is_taken {
            let text = format!("the logout token of family {} was taken again after {wait:?}", self.family.0);
            world.checker.violate(world.scene(), self.person, Violation::LogoutTwice, text);
        }
    }

    /// Tells one replica, and notes which sessions must be over with its answer.
    async fn send(&self, world: &Arc<World>) -> Option<StatusCode> {
        let (way, index) = {
            let mut dice = world.dice();
            (dice.millis(1, 60), dice.below(world.replicas.len()))
        };
        pass(way).await;
        let replica = &world.replicas[index];
        let request = Request::post("/back-channel-logout")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("logout_token={}", self.token)))
            .expect("the request is well-formed");
        let ingress = world.now();
        let (process, running) = replica.serve(request)?;
        let response = tokio::time::timeout(GIVES_UP_AFTER, running).await.ok().flatten()?;
        let (status, took) = (response.status(), world.now().saturating_sub(ingress));
        world.tell_of(self.person, format!("replica {index} answers the logout token with {status}"));
        let since = ingress.saturating_sub(RECENTLY);
        let is_calm = !process.disturbed_since(since)
            && !replica.store_disturbed_since(since)
            && !replica.core_disturbed_since(since);
        if is_calm && took > PROMPT {
            let text = format!("the logout token was answered after {took:?}");
            world.checker.violate(world.scene(), self.person, Violation::TooLate, text);
        }
        if status == StatusCode::OK {
            self.taken(world, index, ingress);
        }
        Some(status)
    }

    fn taken(&self, world: &Arc<World>, index: usize, ingress: Duration) {
        let before = self.sent_at.saturating_sub(SKEW);
        let over = match self.named {
            Named::SignIn => world.checker.session_of(self.family, before).into_iter().collect(),
            Named::Person => world.checker.sessions_of(self.person, before),
        };
        let store_down = world.replicas[index].store_disturbed_since(ingress) || world.is_store_full();
        for session in &over {
            world.checker.ended(*session, Ended { at: world.now(), replica: index, store_down });
        }
        let world = Arc::clone(world);
        tokio::spawn(async move {
            pass(END_IS_TRIED_WITHIN).await;
            if world.replicas[index].store_disturbed_since(ingress) || world.was_store_full_since(ingress) {
                for session in over {
                    world.checker.end_unwritten(session);
                }
            }
        });
    }
}
