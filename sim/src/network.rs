//! The connection from a replica to the core API, and everything that goes wrong on it.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{Request, Response, Transport, TransportError};
use tokio::sync::oneshot;

use crate::checker::{LostTo, Sent, Wait};
use crate::core_api::{Call, CartCall, Effect, FamilyId, json};
use crate::counts::Fault;
use crate::mistakes::{Mistake, is_made};
use crate::process::Process;
use crate::request::allow;
use crate::timeline::pass;
use crate::world::World;
use faults::{Fate, How, Plan, Trigger};

/// As `HttpTransport` waits by default.
const GIVES_UP_AFTER: Duration = Duration::from_secs(5);

/// A refresh gives up waiting for an answer after five seconds, and tries for eight.
const ASKS_AGAIN_WITHIN: Duration = Duration::from_secs(8);
/// A store that failed so recently may have kept somebody from noting that an end is dealt with: the API is told of it
/// for half an hour first.
const CLEANED_LATELY: Duration = Duration::from_mins(35);
/// What the store did not tell a replica within this time may be what it needed to know.
const BLIND_FOR: Duration = Duration::from_secs(10);

/// The core API as one life of one replica reaches it.
pub(crate) struct Network {
    pub(crate) world: Arc<World>,
    pub(crate) replica: usize,
    pub(crate) process: Arc<Process>,
}

/// The plain client of the table sends none.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[async_trait]
impl Transport for Network {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        if self.world.is_plain() || is_made(Mistake::KeyLeftOut) {
            request.headers_mut().remove(IDEMPOTENCY_KEY);
        }
        let call = self.world.core.read(&request);
        let plan = Plan::draw(&self.world, self.replica, &call);
        self.note(&call, &plan);
        if plan.fate == Fate::NotSent {
            pass(plan.there).await;
            return Err(TransportError::NotSent("connection refused".to_owned()));
        }
        let is_refresh = matches!(call, Call::Refresh { .. });
        let begun = self.world.now();
        let (sender, answer) = oneshot::channel();
        // A call that has left the process takes effect, whatever happens to its sender.
        tokio::spawn(self.journey().carry(call, plan, sender));
        let result = tokio::time::timeout(GIVES_UP_AFTER, answer).await;
        if !is_refresh {
            allow(self.world.now().saturating_sub(begun));
        }
        match result {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(TransportError::Interrupted("connection reset".to_owned())),
            Err(_) => Err(TransportError::Interrupted("no answer in 5 s".to_owned())),
        }
    }
}

impl Network {
    fn note(&self, call: &Call, plan: &Plan) {
        let world = &self.world;
        if plan.is_faulty() {
            world.replicas[self.replica].disturb_core(world.now());
        }
        if let Call::Exchange { code, .. } = call
            && world.replicas[self.replica].store_disturbed_since(world.now().saturating_sub(BLIND_FOR))
        {
            world.checker.presented_blindly(*code);
        }
        self.note_end(call, plan);
        let Call::Refresh { family, generation, key } = call else { return };
        if plan.is_faulty() {
            world.checker.disturbed(*family, world.now());
        }
        if plan.fate != Fate::NotSent {
            let recently = world.now().saturating_sub(BLIND_FOR);
            let blind = world.replicas[self.replica].store_disturbed_since(recently);
            let asker = life_of(&self.process);
            let sent = Sent { family: *family, generation: *generation, key: key.as_deref(), blind, asker };
            world.checker.refresh_sent(world.scene(), sent);
        }
        if plan.is_doubtful() {
            world.checker.doubted(*family, *generation);
        }
        let person = world.core.look(*family, |family| family.person);
        if let Some(person) = person {
            let key = if key.is_some() { "with a key" } else { "without a key" };
            let text = format!("replica {} presents {}-{generation} {key}: {plan}", self.replica, family.0);
            world.tell_of(person, text);
        }
    }

    /// Notes what somebody does for a session that ends.
    fn note_end(&self, call: &Call, plan: &Plan) {
        let checker = &self.world.checker;
        let family = match call {
            Call::Cart { what: CartCall::Find(family), .. } => {
                let blindly = self.world.store_failed_since(CLEANED_LATELY);
                checker.cleaned_up(self.world.scene(), *family, blindly);
                family
            }
            Call::Cart { what: CartCall::Remove(family), .. } | Call::SignOut { family, .. } => family,
            Call::RevokeAccess { access } => &access.family,
            _ => return,
        };
        if plan.is_faulty() {
            checker.clean_up_failed(*family);
        }
        if let Some(person) = self.world.core.look(*family, |family| family.person) {
            self.world.tell_of(person, format!("replica {} ends family {}: {plan}", self.replica, family.0));
        }
    }

    fn journey(&self) -> Journey {
        Journey { world: Arc::clone(&self.world), replica: self.replica, process: Arc::clone(&self.process) }
    }
}

struct Journey {
    world: Arc<World>,
    replica: usize,
    process: Arc<Process>,
}

type Sender = oneshot::Sender<Result<Response, TransportError>>;

impl Journey {
    async fn carry(self, call: Call, plan: Plan, sender: Sender) {
        self.pull(plan.trigger, Moment::OnTheWay);
        pass(plan.there).await;
        let handled = plan.is_handled().then(|| {
            let (answer, effect) = self.world.core.handle(self.world.core_now(), &call);
            self.tell(&call, effect);
            let late = (plan.fate == Fate::Late).then_some(plan.there);
            self.world.checker.effect(self.world.scene(), effect, late);
            (self.world.core.respond(&call, answer), effect)
        });
        self.pull(plan.trigger, Moment::Handled);
        pass(plan.back).await;
        let consumed = handled.as_ref().and_then(|(_, effect)| consumed(*effect));
        if let Some((family, generation)) = consumed {
            self.follow(&plan, family, generation);
        }
        let result = match (plan.fate, handled) {
            (Fate::Answered, Some((response, _))) => Ok(response),
            (Fate::Replaced { how: How::Error, .. }, _) => Ok(unavailable()),
            (Fate::Replaced { how: How::Garbage, .. }, _) => Ok(garbage()),
            (Fate::TurnedAway { secs }, _) => Ok(turned_away(secs, self.world.setup.style.wait_header())),
            (Fate::Silent { .. } | Fate::Late, _) => {
                // Longer than anybody waits.
                pass(2 * GIVES_UP_AFTER).await;
                return;
            }
            _ => Err(TransportError::Interrupted("connection reset".to_owned())),
        };
        let arrived = sender.send(result).is_ok();
        if let Some((family, generation)) = consumed.filter(|_| arrived && plan.fate == Fate::Answered) {
            self.arrived(family, generation);
        }
        if let Call::Refresh { family, generation, .. } = &call {
            self.settle(&plan, *family, *generation, arrived);
        }
        self.pull(plan.trigger, Moment::Answered);
        if plan.trigger == Some(Trigger::CrashAfterAnswer) {
            let wait = self.world.dice().millis(5, 1500);
            pass(wait).await;
            self.pull(plan.trigger, Moment::AnsweredAWhileAgo);
        }
    }

    /// Notes the effect of a fault on an answer that says which token comes next.
    fn follow(&self, plan: &Plan, family: FamilyId, generation: u32) {
        let lost_to = if plan.fate != Fate::Answered {
            LostTo::Network
        } else if self.process.is_killed() {
            LostTo::Crash
        } else if self.process.is_paused() {
            LostTo::Pause
        } else {
            return;
        };
        self.world.checker.answer_lost(self.world.now(), family, generation, lost_to);
        // A process that dies or stops while the answer is in transit leaves only the record that the token was
        // presented.
        self.world.checker.doubted(family, generation.saturating_sub(1));
        if lost_to == LostTo::Network {
            self.watch_asker(family, generation);
        }
    }

    /// A process repeats by itself: no request is needed for that.
    fn watch_asker(&self, family: FamilyId, generation: u32) {
        let (world, process) = (Arc::clone(&self.world), Arc::clone(&self.process));
        let (replica, lost_at) = (self.replica, world.now());
        tokio::spawn(async move {
            pass(ASKS_AGAIN_WITHIN).await;
            let since = lost_at + Duration::from_millis(1);
            let asker = &world.replicas[replica];
            let hindered = world.outage().is_some()
                || process.disturbed_since(lost_at)
                || process.is_killed()
                || asker.store_disturbed_since(lost_at.saturating_sub(BLIND_FOR))
                || asker.core_disturbed_since(since)
                || world.checker.was_disturbed(family, since);
            if !hindered {
                world.checker.was_left_alone(world.now(), family, generation);
            }
        });
    }

    /// The process has the answer and now has to store it.
    fn arrived(&self, family: FamilyId, generation: u32) {
        let (replica, now) = (&self.world.replicas[self.replica], self.world.now());
        self.world.checker.kept(family, !self.world.is_store_full());
        if self.process.is_killed() || self.process.is_paused() {
            return;
        }
        if replica.is_partitioned() {
            self.world.checker.answer_lost(now, family, generation, LostTo::Partition);
            // The result is known only where nobody with the store can ask.
            self.world.checker.doubted(family, generation.saturating_sub(1));
            replica.holds(now, family, generation);
        } else {
            self.world.checker.answer_arrived(family, generation);
            replica.delivered(now, family, generation);
        }
    }

    /// Whether an answer without tokens reached somebody who knows what it means.
    fn settle(&self, plan: &Plan, family: FamilyId, generation: u32, arrived: bool) {
        let (world, replica) = (&self.world, &self.world.replicas[self.replica]);
        let knows = arrived && !self.process.is_killed() && !self.process.is_paused();
        let asker = life_of(&self.process);
        match plan.fate {
            Fate::TurnedAway { secs } if knows => {
                let until = world.now() + Duration::from_secs(secs);
                let told = !replica.store_disturbed_since(world.now().saturating_sub(BLIND_FOR));
                world.checker.turned_away(world.now(), family, Wait { generation, until, told, asker });
                if replica.is_partitioned() {
                    world.checker.wait_unheard(family, generation);
                } else {
                    replica.learned(world.now(), family, generation);
                }
            }
            Fate::TurnedAway { secs } if arrived && !self.process.is_killed() => {
                // It is paused, and will know once it continues. The others cannot know.
                world.checker.doubted(family, generation);
                let until = world.now() + Duration::from_secs(secs);
                world.checker.turned_away(
                    world.now(),
                    family,
                    Wait { generation, until, told: false, asker },
                );
            }
            Fate::TurnedAway { .. } => world.checker.wait_unheard(family, generation),
            Fate::Replaced { .. } if knows => world.checker.answered(family, generation),
            _ => {}
        }
    }

    fn pull(&self, trigger: Option<Trigger>, moment: Moment) {
        let (fault, then) = match (trigger, moment) {
            (Some(Trigger::CrashBefore), Moment::OnTheWay) => (Fault::CrashBefore, Then::Crash),
            (Some(Trigger::CrashAfter), Moment::Handled) => (Fault::CrashAfter, Then::Crash),
            (Some(Trigger::CrashWithAnswer), Moment::Answered) => (Fault::CrashWithAnswer, Then::Crash),
            (Some(Trigger::CrashAfterAnswer), Moment::AnsweredAWhileAgo) => {
                (Fault::CrashAfterAnswer, Then::Crash)
            }
            (Some(Trigger::Pause), Moment::OnTheWay) => (Fault::PausedHolder, Then::Pause),
            (Some(Trigger::PartitionBefore), Moment::OnTheWay) => (Fault::PartitionBefore, Then::Partition),
            (Some(Trigger::PartitionAfter), Moment::Handled) => (Fault::PartitionAfter, Then::Partition),
            _ => return,
        };
        self.world.counts.fault(fault);
        let replica = &self.world.replicas[self.replica];
        match then {
            Then::Crash => replica.crash(&self.world, &self.process),
            Then::Pause => {
                let time = self.world.dice().secs(8, 75);
                replica.pause(&self.world, time);
            }
            Then::Partition => {
                let time = self.world.dice().mostly_short(Duration::from_secs(2), Duration::from_mins(15));
                replica.partition(&self.world, time);
            }
        }
    }

    fn tell(&self, call: &Call, effect: Effect) {
        let world = &self.world;
        match effect {
            Effect::None => {}
            Effect::SignedIn(family) => {
                self.tell_of(family, format!("core API: sign-in, family {}", family.0));
            }
            Effect::Rotated(family, generation) => {
                self.tell_of(family, format!("core API: {}-{generation} issued", family.0));
            }
            Effect::Repeated(family, generation) => {
                self.tell_of(family, format!("core API: {}-{generation} issued again", family.0));
            }
            Effect::CaughtReuse(family) => {
                self.tell_of(family, format!("core API: reuse, family {} revoked", family.0));
            }
            Effect::CodeAgain(family, _) => {
                self.tell_of(family, format!("core API: a code again, family {} revoked", family.0));
            }
            Effect::Refused => {
                if let Call::Refresh { family, .. } = call
                    && world.core.look(*family, |_| ()).is_some()
                {
                    self.tell_of(*family, format!("core API: refresh of family {} refused", family.0));
                }
            }
        }
    }

    fn tell_of(&self, family: FamilyId, text: String) {
        if let Some(person) = self.world.core.look(family, |family| family.person) {
            self.world.tell_of(person, text);
        }
    }
}

/// Distinguishes one life of a replica from all others.
fn life_of(process: &Arc<Process>) -> usize {
    Arc::as_ptr(process).addr()
}

#[derive(Clone, Copy)]
enum Moment {
    OnTheWay,
    Handled,
    Answered,
    AnsweredAWhileAgo,
}

enum Then {
    Crash,
    Pause,
    Partition,
}

const fn consumed(effect: Effect) -> Option<(FamilyId, u32)> {
    match effect {
        Effect::Rotated(family, generation) | Effect::Repeated(family, generation) => {
            Some((family, generation))
        }
        _ => None,
    }
}

pub(crate) fn turned_away(secs: u64, header: &'static str) -> Response {
    let body = r#"{"message":"Too many requests"}"#.to_owned();
    let mut response = json(StatusCode::TOO_MANY_REQUESTS, body);
    response.headers_mut().insert(header, HeaderValue::from(secs));
    response
}

pub(crate) fn unavailable() -> Response {
    let mut response = Response::new(Bytes::from_static(b"<h1>503 Service Unavailable</h1>"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

/// Half of an answer, as if it were whole.
pub(crate) fn garbage() -> Response {
    Response::new(Bytes::from_static(br#"{"item":{"accessToken":"eyJhbGciOiJFZERTQSJ9.eyJzdWIi"#))
}
