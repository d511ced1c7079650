//! Answers, and what they mean.

use std::time::Duration;

use http::StatusCode;

use super::ask::{Ask, What};
use super::received::Received;
use super::state::{Browser, State};
use crate::checker::{Ended, Excuse, Left, Seen, SessionRef, Shown, Violation, Writing};
use crate::core_api::{CodeId, guest_id, subject_of, version_in};
use crate::counts::Fault;
use crate::timeline::pass;

/// How much of our own time a page that cannot be shown may take: five seconds for a refresh that is slow and has not
/// failed, and a little for the store. If the refresh fails, it is half of that, which the lifecycle's own tests check.
const LATEST: Duration = Duration::from_millis(5_500);
/// How much time a page that is shown in the end may take: it has 2.5 seconds of its own after such a refresh.
const LATEST_SHOWN: Duration = Duration::from_secs(8);
/// How much a slow store adds to that.
const SLOW_STORE: Duration = Duration::from_millis(800);
/// When everything that a sign-out starts is done, without faults.
const SIGN_OUT_SETTLES: Duration = Duration::from_secs(20);
/// By then, the end was tried to be recorded once.
const END_IS_TRIED_WITHIN: Duration = Duration::from_secs(3);
/// How long a refresh continues when nobody waits for it any more.
const REFRESH_GOES_ON_FOR: Duration = Duration::from_secs(10);
/// Two tries to record an end are half a minute apart.
const END_IS_WRITTEN_WITHIN: Duration = Duration::from_mins(2);
/// A lease that could not be released expires within this time, and its holder may be waiting for the store to answer.
const LEASE_STAYS: Duration = Duration::from_secs(12);
/// A fault shortly before a sign-out can still affect it.
const FOREGOING: Duration = Duration::from_mins(2);

/// What a person sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// What they asked for.
    Done,
    /// The provider, which gives the browser this code.
    AtProvider(CodeId),
    /// The sign-in page; the session is over.
    SignedOut,
    /// The sign-in page, but the cookie is still valid elsewhere.
    NotHere,
    /// "Temporarily unavailable".
    Unavailable,
    /// No answer.
    None,
}

/// One request at one replica.
pub(super) struct Exchange {
    pub(super) ask: Ask,
    pub(super) sent: State,
    pub(super) number: u32,
    /// Nobody had requested the session's end before.
    pub(super) first_to_end: bool,
    /// The oldest address that a page may show.
    pub(super) oldest_email: u32,
    /// The provider's answer is opened in time.
    pub(super) is_owed: bool,
    pub(super) replica: usize,
    pub(super) ingress: Duration,
    pub(super) secrets: Secrets,
}

/// What a replica knows of the secrets that were rolled out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Secrets {
    Every,
    /// It lacks one that others have. It may be that of something in the store.
    NotEvery,
    /// It lacks the one of the session cookie.
    NotOfCookie,
}

impl Exchange {
    pub(super) fn key_unknown(&self) -> bool {
        self.secrets != Secrets::Every
    }

    pub(super) fn seen(&self, session: SessionRef) -> Seen {
        Seen {
            session,
            rotation: self.sent.glance.map_or(0, |glance| glance.rotation),
            held_since: self.sent.held_since,
            tokens_since: self.sent.tokens_since,
            key_unknown: self.key_unknown(),
        }
    }
}

impl Browser {
    /// Judges an answer when it leaves the replica, whether it arrives or not.
    pub(super) fn left_replica(&self, exchange: &Exchange, received: &Received) {
        let world = &self.world;
        let took = received.egress.saturating_sub(exchange.ingress).saturating_sub(received.waited);
        let slow = world.replicas[exchange.replica].store_disturbed_since(exchange.ingress);
        let latest = if received.status == StatusCode::OK { LATEST_SHOWN } else { LATEST };
        let latest = if slow { latest + SLOW_STORE } else { latest };
        if exchange.ask.what == What::Page && took > latest && !received.disturbed {
            let text = format!("#{} took {took:?}", exchange.number);
            world.checker.violate(world.scene(), self.person, Violation::TooLate, text);
        }
        let Some(session) = exchange.sent.session else { return };
        let succeeded = received.status == StatusCode::SEE_OTHER;
        if exchange.ask.what == What::Page {
            self.page_left(exchange, received, session);
        }
        match exchange.ask.what {
            What::SignOut | What::SignIn if succeeded => self.ended(exchange, received, session),
            What::SignIn if exchange.first_to_end => world.checker.not_ending(session),
            _ => {}
        }
    }

    /// Notes what a page that left its replica shows about what the replica has recorded, and could have done.
    fn page_left(&self, exchange: &Exchange, received: &Received, session: SessionRef) {
        let world = &self.world;
        let replica = &world.replicas[exchange.replica];
        if let Some(glance) = world.glass.look(received.session_cookies()) {
            let family = world.checker.family_of(session);
            // The number of refreshes is the number of the token only if each refresh makes a new one.
            if world.setup.style.rotates() {
                replica.page_left(family, glance.generation);
            }
            let recently = exchange.ingress.saturating_sub(FOREGOING);
            let store_down = world.is_store_full() || replica.store_disturbed_since(recently);
            let lately = exchange.ingress.saturating_sub(LEASE_STAYS);
            let head_is_busy = world.replicas.iter().any(|replica| replica.store_disturbed_since(lately));
            world.checker.leaves(world.scene(), session, glance, Writing { store_down, head_is_busy });
            // A process that was in doubt about the last refresh knows its result by now.
            if world.setup.style.rotates() && !store_down {
                world.checker.written(family, u32::try_from(glance.generation).unwrap_or(u32::MAX));
            }
        }
        // A page that could be shown had a valid access token, and perhaps no reason to refresh.
        let refused = received.status == StatusCode::SERVICE_UNAVAILABLE;
        let able = !exchange.key_unknown() && !received.disturbed;
        if refused && able && world.checker.has_lost_an_answer(session) {
            self.watch_chance(exchange, session);
        }
    }

    /// The person who asked for the page leaves; what it started continues for a while.
    fn watch_chance(&self, exchange: &Exchange, session: SessionRef) {
        let (world, index, ingress) = (self.world.clone(), exchange.replica, exchange.ingress);
        tokio::spawn(async move {
            pass(REFRESH_GOES_ON_FOR).await;
            let replica = &world.replicas[index];
            let hindered = world.outage().is_some()
                || replica.store_disturbed_since(ingress)
                || replica.core_disturbed_since(ingress)
                || replica.disturbed_since(ingress);
            if !hindered {
                world.checker.chance(ingress, session);
            }
        });
    }

    /// The session is over, and the core API must know soon.
    fn ended(&self, exchange: &Exchange, received: &Received, session: SessionRef) {
        // A session that was already over in this browser may still be active in another one, which is unaffected.
        if exchange.secrets == Secrets::NotOfCookie || exchange.sent.glance.is_none() || exchange.sent.over {
            return;
        }
        if let Some(excuse) = self.world.checker.was_over(self.world.scene(), exchange.seen(session)) {
            self.world.checker.excused(excuse);
            return;
        }
        let world = self.world.clone();
        let (index, ingress) = (exchange.replica, exchange.ingress);
        let store_down = world.replicas[index].store_disturbed_since(ingress) || world.is_store_full();
        // A failed request of another tab may have taken that back.
        world.checker.ending(received.egress, session);
        world.checker.ended(session, Ended { at: received.egress, replica: index, store_down });
        if exchange.key_unknown() {
            // The newest tokens may be sealed with the secret that the replica lacks, so it cannot return them.
            return;
        }
        tokio::spawn(async move {
            pass(END_IS_TRIED_WITHIN).await;
            if world.replicas[index].store_disturbed_since(ingress) || world.was_store_full_since(ingress) {
                world.checker.end_unwritten(session);
            }
            pass(SIGN_OUT_SETTLES).await;
            let family = world.checker.family_of(session);
            let replica = &world.replicas[index];
            let begun = world.checker.ending_since(session).unwrap_or(ingress).min(ingress);
            let since = begun.saturating_sub(FOREGOING);
            // A process with a refresh in progress has to return its grant, on whichever replica that was.
            let hindered = world.replicas.iter().any(|replica| replica.core_disturbed_since(ingress))
                || replica.store_disturbed_since(ingress)
                || world.checker.was_disturbed(family, since)
                || world.was_store_full_since(since)
                || world.replicas.iter().any(|replica| replica.disturbed_since(since));
            let store_failed = world.replicas.iter().any(|replica| replica.store_disturbed_since(since));
            world.checker.sign_out_settled(world.scene(), session, Left { store_failed, hindered });
            world.checker.end_settled(world.scene(), session, ingress, hindered || store_failed);
        });
    }

    /// Stores the cookies in the order of arrival, and judges what the person sees.
    pub(super) fn receive(&self, exchange: &Exchange, received: &Received) -> Answer {
        let world = &self.world;
        world.tell_of(self.person, format!("#{} {received}", exchange.number));
        self.take_cookies(exchange, received);
        match (exchange.ask.what, received.status) {
            (What::Page, StatusCode::SEE_OTHER) if received.location.as_deref() == Some("/login") => {
                self.sent_away(exchange, received)
            }
            (What::Page | What::Home, StatusCode::OK) => self.shown(exchange, received),
            (What::Page | What::Start | What::Confirm | What::SignIn, StatusCode::SERVICE_UNAVAILABLE) => {
                if let Some(session) = exchange.sent.session.filter(|_| exchange.ask.what == What::Page) {
                    let replica = &world.replicas[exchange.replica];
                    let failed = replica.core_disturbed_since(exchange.ingress)
                        || replica.store_disturbed_since(exchange.ingress);
                    let calm = world.is_calm() && !failed && !exchange.key_unknown();
                    world.checker.unavailable(world.scene(), session, calm);
                }
                Answer::Unavailable
            }
            (What::SignIn, StatusCode::SEE_OTHER) => {
                self.judge_proof(exchange, true);
                self.judge_cart(exchange);
                Answer::Done
            }
            (What::SignIn, StatusCode::FORBIDDEN) => {
                self.judge_proof(exchange, false);
                Answer::NotHere
            }
            (What::SignOut, StatusCode::SEE_OTHER) => {
                self.sign_out_there(received);
                Answer::Done
            }
            (What::Start | What::Confirm, StatusCode::SEE_OTHER) => self.led(exchange, received),
            (What::SignIn, StatusCode::CONFLICT) => {
                self.judge_forgotten(exchange);
                Answer::NotHere
            }
            (What::Home, StatusCode::NO_CONTENT) => Answer::NotHere,
            (what, status) => self.server_error(&format!("{what:?} was answered with {status}")),
        }
    }

    pub(super) fn server_error(&self, text: &str) -> Answer {
        let world = &self.world;
        world.checker.violate(world.scene(), self.person, Violation::ServerError, text.to_owned());
        Answer::None
    }

    fn take_cookies(&self, exchange: &Exchange, received: &Received) {
        let world = &self.world;
        let now = world.now();
        let signed_in = exchange.ask.what == What::SignIn && received.status == StatusCode::SEE_OTHER;
        let session = if signed_in {
            let family = match exchange.ask.code {
                Some(code) => world.core.family_by(code),
                None => world.core.latest_of(self.person),
            };
            family.map(|family| world.checker.begun(now, self.person, family))
        } else {
            exchange.sent.session
        };
        let mut state = self.state();
        if exchange.number < state.last_arrived {
            world.counts.fault(Fault::ResponsesReordered);
        }
        state.last_arrived = state.last_arrived.max(exchange.number);
        for line in &received.cookies {
            state.jar.apply(line, now);
        }
        let parts = received.session_cookies().count();
        if parts > 0 {
            if parts > 1 {
                world.counts.fault(Fault::CookieInParts);
            }
            state.glance = world.glass.look(state.jar.pairs());
            state.held_since = now;
            if let (Some(session), Some(glance)) = (session, state.glance) {
                state.tokens_since = world.checker.tokens_since(now, session, glance);
            }
            state.over &= state.session == session;
            state.session = session;
        } else if received.removes_session() {
            let held = state.session.take();
            state.glance = None;
            if let Some(other) = held.filter(|held| Some(*held) != exchange.sent.session) {
                // Somebody who had lost the cookie signs out, and a late page has brought it back meanwhile.
                let signs_out = exchange.ask.what == What::SignOut;
                if !(signs_out && world.checker.begun_at(other) <= exchange.ingress) {
                    self.removed_wrongly(other, "by an answer to a request of another session");
                }
            }
        }
    }

    /// An answer that shows the person.
    fn shown(&self, exchange: &Exchange, received: &Received) -> Answer {
        let world = &self.world;
        let scene = world.scene();
        let shown = String::from_utf8_lossy(&received.body);
        let (id, address) = shown.split_once(' ').unwrap_or((&shown, ""));
        let email = version_in(address);
        let guest = exchange.sent.session.map(|session| world.checker.family_of(session));
        let guest = guest.filter(|family| world.core.is_guest(*family));
        let expected = guest.map_or_else(|| subject_of(self.person), guest_id);
        // The address is unknown where the call for it failed at the sign-in. A guest has none.
        let may_lack_it = world.setup.style.is_openid() || world.setup.style.has_guests();
        let is_unknown =
            address.is_empty() && (guest.is_some() || exchange.ask.what == What::Home && may_lack_it);
        if id != expected || email.is_none() && !is_unknown {
            let text = format!("#{} shows {shown}", exchange.number);
            world.checker.violate(scene, self.person, Violation::WrongPerson, text);
        } else if email < Some(exchange.oldest_email) && !is_unknown {
            let text = format!("#{} shows {shown}, its cookie {}", exchange.number, exchange.oldest_email);
            world.checker.violate(scene, self.person, Violation::Reverted, text);
        }
        if let Some(session) = exchange.sent.session {
            self.shown_after_end(exchange, session);
            if exchange.ask.what == What::Page {
                world.checker.arrived(world.now(), session);
                if let Some(guest) = guest {
                    world.checker.cart_shown(world.now(), guest);
                }
            }
        }
        Answer::Done
    }

    /// While the store is down, a copy of a cookie outlives its session for a limited time.
    fn shown_after_end(&self, exchange: &Exchange, session: SessionRef) {
        let world = &self.world;
        let ended = world.checker.how_it_ended(session).filter(|ended| ended.at < exchange.ingress);
        let Some(ended) = ended else { return };
        // Its end may be recorded only when the store is back for the replica that was asked, if that process still
        // runs.
        let asked = &world.replicas[ended.replica];
        let recently = world.now().saturating_sub(END_IS_WRITTEN_WITHIN);
        let shown = Shown {
            ended,
            only_a_name: exchange.ask.what == What::Home,
            unread: world.replicas[exchange.replica].store_disturbed_since(exchange.ingress),
            unwritten: asked.store_disturbed_since(recently) || world.was_store_full_since(recently),
            asked_crashed: asked.disturbed_since(ended.at),
        };
        world.checker.shown_after_end(world.scene(), session, shown);
    }

    /// An answer that leads to the sign-in page.
    fn sent_away(&self, exchange: &Exchange, received: &Received) -> Answer {
        let world = &self.world;
        let Some(session) = exchange.sent.session else {
            return Answer::SignedOut;
        };
        let seen = exchange.seen(session);
        if let Some(reason) = &received.reason {
            world.counts.recovery(&format!("the sign-in page says {reason}"));
        }
        let excuse = world.checker.signed_out(world.scene(), seen, &received.to_string());
        if excuse == Some(Excuse::KeyUnknown) {
            world.counts.fault(Fault::KeyUnknown);
            if received.removes_session() {
                self.removed_wrongly(session, "by a replica that does not know its key");
                return Answer::SignedOut;
            }
            return Answer::NotHere;
        }
        let mut state = self.state();
        state.over |= state.session == Some(session);
        Answer::SignedOut
    }

    fn removed_wrongly(&self, session: SessionRef, how: &str) {
        let world = &self.world;
        if world.checker.is_ending(session) {
            return;
        }
        let text = format!("the cookie of session {}: {how}", session.0);
        world.checker.violate(world.scene(), self.person, Violation::CookieRemoved, text);
    }
}
