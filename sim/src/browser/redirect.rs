//! Sign-in at the provider: out from one replica, back to any, in one tab or two, sometimes never, sometimes twice.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Exchange};
use super::ask::{Ask, What};
use super::person::Person;
use super::received::Received;
use super::state::Browser;
use crate::back_channel::{self, Named};
use crate::checker::Violation;
use crate::core_api::{AtPage, CodeId, CoreApi, ISSUER, PersonId, Revoked};
use crate::counts::Fault;
use crate::timeline::pass;

/// One in this many sign-ins has each of these.
const PER_ABANDONED: u32 = 6;
const PER_TWO_TABS: u32 = 5;
const PER_OPENED_AGAIN: u32 = 4;
const PER_TOO_LATE: u32 = 40;
/// One in this many re-authentications has each of these.
const PER_NOT_ASKED: u32 = 5;
const PER_SOMEBODY_ELSE: u32 = 6;
/// Longer than clocks differ: nobody can take what was proved then for what was to be proved now.
const LONG_AGO: Duration = Duration::from_mins(2);
/// Longer than an attempt is good for.
const TOO_LATE: Duration = Duration::from_mins(11);

impl Person {
    /// Signs in at the provider.
    pub(super) async fn sign_in_there(&mut self) -> Answer {
        if self.dice.once_in(PER_ABANDONED) {
            for _ in 0..self.dice.range(1, 10) {
                self.world.counts.fault(Fault::SignInAbandoned);
                self.leave().await;
            }
        }
        let Some(code) = self.leave().await else { return Answer::Unavailable };
        if !self.dice.once_in(PER_TWO_TABS) {
            return self.come_back(code).await;
        }
        let Some(second) = self.leave().await else { return self.come_back(code).await };
        self.world.counts.fault(Fault::SignInInTwoTabs);
        if self.dice.once_in(2) {
            self.come_back(code).await;
            return self.come_back(second).await;
        }
        let first = tokio::spawn(Arc::clone(&self.browser).fetch(Ask::back_with(code)));
        pass(self.dice.millis(0, 200)).await;
        let answer = self.come_back(second).await;
        match first.await {
            Ok(first) if answer != Answer::Done => first,
            Ok(_) => answer,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Proves again who they are, at the provider, which ignores that now and then. Where people sign in here, they
    /// would type a password on a page of ours.
    pub(super) async fn confirm(&mut self) {
        if self.page().await != Answer::Done || !self.world.setup.style.is_openid() {
            return;
        }
        pass(self.dice.secs(60, 3 * 3600)).await;
        if let Answer::AtProvider(code) = self.ask(What::Confirm).await {
            let stay = self.dice.mostly_short(Duration::from_secs(2), Duration::from_mins(4));
            pass(stay).await;
            self.come_back(code).await;
        }
        self.page().await;
    }

    /// Goes to the provider and signs in there.
    async fn leave(&mut self) -> Option<CodeId> {
        let Answer::AtProvider(code) = self.ask(What::Start).await else { return None };
        let stay = self.dice.mostly_short(Duration::from_secs(2), Duration::from_mins(4));
        pass(stay).await;
        Some(code)
    }

    /// Opens the provider's answer, sometimes twice: at once, as an impatient person, or later, from the history.
    async fn come_back(&mut self, code: CodeId) -> Answer {
        if self.dice.once_in(PER_TOO_LATE) {
            self.world.counts.fault(Fault::AnswerTooLate);
            pass(TOO_LATE).await;
        }
        let back = Ask::back_with(code);
        if !self.dice.once_in(PER_OPENED_AGAIN) {
            return Arc::clone(&self.browser).fetch(back).await;
        }
        self.world.counts.fault(Fault::AnswerOpenedAgain);
        if self.dice.once_in(2) {
            let first = tokio::spawn(Arc::clone(&self.browser).fetch(back));
            pass(self.dice.millis(0, 300)).await;
            let again = Arc::clone(&self.browser).fetch(back).await;
            return match first.await {
                Ok(first) if again != Answer::Done => first,
                Ok(_) => again,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
        }
        let first = Arc::clone(&self.browser).fetch(back).await;
        pass(self.dice.secs(1, 20 * 60)).await;
        let again = Arc::clone(&self.browser).fetch(back).await;
        if first == Answer::Done { first } else { again }
    }
}

impl Browser {
    /// Follows an answer that leads to the provider.
    pub(super) fn led(&self, exchange: &Exchange, received: &Received) -> Answer {
        let world = &self.world;
        let address = received.location.as_deref().unwrap_or_default();
        let at_page = self.at_page(exchange);
        let code = world.core.authorize(self.person, address, at_page, world.now());
        code.map_or_else(|| self.server_error("the way to the provider leads nowhere"), Answer::AtProvider)
    }

    /// The provider's answer belongs to no attempt that the browser remembers.
    pub(super) fn judge_forgotten(&self, exchange: &Exchange) {
        let world = &self.world;
        let opened_once = exchange.ask.code.is_some_and(|code| world.core.is_opened_once(code));
        if exchange.is_owed && opened_once && !exchange.key_unknown() {
            let text = format!("#{} the provider's answer belongs to no attempt", exchange.number);
            world.checker.violate(world.scene(), self.person, Violation::AttemptForgotten, text);
        }
    }

    /// The person confirms the sign-out on the provider's page. Its notice comes back to a replica.
    pub(super) fn sign_out_there(&self, received: &Received) {
        let page = received.location.as_deref().filter(|address| address.starts_with(ISSUER));
        let Some(family) = page.map(CoreApi::signs_out) else { return };
        let Some(family) = family else {
            self.server_error("the provider does not know who signs out");
            return;
        };
        let world = self.world.clone();
        let wait = world.dice().secs(30, 120);
        tokio::spawn(async move {
            pass(wait).await;
            back_channel::end(&world, family, Revoked::SignedOut, Named::SignIn);
        });
    }

    /// What happens at the provider, to which an answer of ours leads.
    fn at_page(&self, exchange: &Exchange) -> AtPage {
        let world = &self.world;
        if exchange.ask.what != What::Confirm {
            return AtPage::SignsIn;
        }
        let before = exchange.sent.session.map(|session| world.checker.family_of(session));
        let before = before.and_then(|family| world.core.authenticated_at(family));
        let before = before.filter(|before| *before + LONG_AGO < world.core_now());
        let others = world.setup.people.saturating_sub(1);
        let mut dice = world.dice();
        match before {
            Some(authenticated_at) if dice.once_in(PER_NOT_ASKED) => {
                world.counts.fault(Fault::NotAskedAgain);
                AtPage::IsNotAsked { authenticated_at }
            }
            _ if others > 0 && dice.once_in(PER_SOMEBODY_ELSE) => {
                world.counts.fault(Fault::SomebodyElseProved);
                AtPage::IsSomebodyElse(PersonId((self.person.0 + 1) % world.setup.people))
            }
            _ => {
                world.counts.fault(Fault::ProvedAgain);
                AtPage::SignsIn
            }
        }
    }

    /// Whoever was to prove who they are is believed if they did, and only then.
    pub(super) fn judge_proof(&self, exchange: &Exchange, is_believed: bool) {
        let world = &self.world;
        let Some(is_proof) = exchange.ask.code.and_then(|code| world.core.is_proof(code)) else {
            if !is_believed {
                self.server_error("a sign-in was refused as if it were a re-authentication");
            }
            return;
        };
        if is_proof != is_believed {
            let text = format!("#{} believed: {is_believed}, proved: {is_proof}", exchange.number);
            world.checker.violate(world.scene(), self.person, Violation::ProofMisjudged, text);
        }
    }
}
