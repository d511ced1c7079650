//! One request: out to a replica, and back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http::header::COOKIE;
use ironleaf_auth::Caller;

use super::answer::{Answer, Exchange, Secrets};
use super::ask::{Ask, What};
use super::received::Received;
use super::state::{Browser, State};
use crate::core_api::{address_of, ip_of};
use crate::counts::Fault;
use crate::glass::look_with;
use crate::replica::BESIDE;
use crate::request::measured;
use crate::timeline::pass;

/// How long a browser waits for an answer.
const GIVES_UP_AFTER: Duration = Duration::from_mins(2);

/// An attempt to sign in at the provider is good for ten minutes, by clocks that differ.
const ATTEMPT_IS_GOOD_FOR: Duration = Duration::from_mins(9);

/// One in this many pages lists the person's sign-ins or sends a form, where a page does that.
const PAGES_PER_MORE: u32 = 3;
/// At one in so many sign-outs the store is lost.
const SIGN_OUTS_PER_PARTITION: u32 = 6;

impl Browser {
    pub(crate) async fn fetch(self: Arc<Self>, ask: Ask) -> Answer {
        let world = Arc::clone(&self.world);
        world.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (there, back, replica) = {
            let mut dice = world.dice();
            let there = dice.mostly_short(Duration::from_millis(1), Duration::from_millis(80));
            let back = dice.mostly_short(Duration::from_millis(1), Duration::from_millis(120));
            (there, back, dice.below(world.replicas.len()))
        };
        let replica = ask.replica.unwrap_or(replica);
        let (sent, request) = self.send(ask);
        pass(there).await;
        world.tell_of(self.person, format!("#{} arrives at replica {replica}", sent.number));
        if ask.what == What::SignOut && world.dice().once_in(SIGN_OUTS_PER_PARTITION) {
            world.counts.fault(Fault::PartitionAtSignOut);
            let time = world.dice().millis(200, 20_000);
            world.replicas[replica].partition(&world, time);
        }
        let known = world.replicas[replica].known_secrets(&world);
        let secrets = if known.len() >= world.secrets().len() {
            Secrets::Every
        } else if look_with(&known, sent.state.jar.pairs()).is_some() {
            Secrets::NotEvery
        } else {
            Secrets::NotOfCookie
        };
        let exchange = Exchange {
            ask,
            sent: sent.state,
            number: sent.number,
            first_to_end: sent.first_to_end,
            oldest_email: sent.oldest_email,
            is_owed: sent.is_owed,
            replica,
            ingress: world.now(),
            secrets,
        };
        let Some(received) = self.exchange(&exchange, request).await else {
            return Answer::None;
        };
        self.left_replica(&exchange, &received);
        pass(back).await;
        if ask.response_lost {
            world.counts.fault(Fault::ResponseLost);
            world.tell_of(self.person, format!("#{} answer lost on its way: {received}", exchange.number));
            return Answer::None;
        }
        self.receive(&exchange, &received)
    }

    /// What leaves the browser.
    fn send(&self, ask: Ask) -> (Sent, Request<Body>) {
        let world = &self.world;
        let now = world.now();
        let mut state = self.state();
        state.requests += 1;
        if state.jar.expire(now) {
            // It may have been the cookie of an attempt to sign in.
            state.glance = world.glass.look(state.jar.pairs());
        }
        let mut sent = Sent {
            state: state.clone(),
            number: state.requests,
            first_to_end: false,
            oldest_email: 0,
            is_owed: false,
        };
        drop(state);
        if let Some(session) = sent.state.session {
            if let Some(glance) = sent.state.glance {
                world.checker.shown(now, session, glance.rotation);
                sent.oldest_email = world.checker.oldest_email(session, glance);
            }
            if matches!(ask.what, What::SignIn | What::SignOut) {
                sent.first_to_end = world.checker.ending(now, session);
            }
        }
        let rotation = sent.state.glance.map(|glance| glance.rotation);
        world.tell_of(self.person, format!("#{} asks {:?}, rotation {rotation:?}", sent.number, ask.what));
        let does_more = world.setup.style.lists_sessions() || world.setup.style.sends_forms();
        let request = match ask.what {
            What::Page if does_more && sent.number.is_multiple_of(PAGES_PER_MORE) => {
                Request::get(format!("/page?{BESIDE}"))
            }
            What::Page => Request::get("/page"),
            What::Home => Request::get("/home"),
            What::Start => Request::post("/start"),
            What::Confirm => Request::post("/confirm"),
            What::SignIn => match ask.code.and_then(|code| world.core.open(code, now)) {
                Some(opened) => {
                    sent.is_owed = opened.age < ATTEMPT_IS_GOOD_FOR && !opened.is_pushed_out;
                    Request::get(opened.address)
                }
                None if ask.as_guest => Request::post("/guest"),
                None => Request::post(format!("/sign-in?{}", address_of(self.person, 0))),
            },
            What::SignOut => Request::post("/sign-out"),
        };
        let request = match sent.state.jar.header() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        };
        let caller = Caller { client_ip: Some(ip_of(self.person)), ..Caller::default() };
        (sent, request.extension(caller).body(Body::empty()).expect("the request is well-formed"))
    }

    /// What happens at the replica.
    async fn exchange(&self, exchange: &Exchange, request: Request<Body>) -> Option<Received> {
        let world = &self.world;
        let number = exchange.number;
        let Some((process, running)) = world.replicas[exchange.replica].serve(request) else {
            world.tell_of(self.person, format!("#{number} replica {} is down", exchange.replica));
            if let Some(session) = exchange.sent.session.filter(|_| exchange.first_to_end) {
                world.checker.not_ending(session);
            }
            return None;
        };
        let limit = exchange.ask.cancelled_after.unwrap_or(GIVES_UP_AFTER);
        let Ok((response, waited)) = tokio::time::timeout(limit, measured(running)).await else {
            if exchange.ask.cancelled_after.is_some() {
                let at_once = limit < Duration::from_millis(4);
                world.counts.fault(if at_once { Fault::CancelledAtOnce } else { Fault::Cancelled });
            }
            world.tell_of(self.person, format!("#{number} given up after {limit:?}"));
            return None;
        };
        let Some(response) = response else {
            world.tell_of(self.person, format!("#{number} connection reset: replica {}", exchange.replica));
            if let Some(session) = exchange.sent.session {
                // It may have written down that the token leaves, and died before it did.
                world.checker.died_at(world.scene(), session);
            }
            return None;
        };
        let disturbed = process.disturbed_since(exchange.ingress);
        Some(Received::read(response, world.now(), waited, disturbed).await)
    }
}

struct Sent {
    state: State,
    number: u32,
    first_to_end: bool,
    oldest_email: u32,
    is_owed: bool,
}
