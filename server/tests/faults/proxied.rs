//! Routes that are forwarded to an API, streams of its events, and WebSockets: while something is wrong with the API, the
//! store, the core API, a disk or a clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::Trouble;
use crate::browser::Answer;
use crate::core_api_wire::{At, Fault};
use crate::figures::{Figures, conclude};
use crate::machine::{Kind, Machine};
use crate::pause;
use crate::redis_wire::StoreFault;
use crate::streams::{Events, Socket, open_events, open_socket};
use crate::trial::{Errand, Trial};
use crate::truth::{COME_BACK_AFTER, UNTIL_ALL_IS_WELL, until_served};
use crate::world::{Life, Store, World};

const PEOPLE: usize = 3;
const DAY: Duration = Duration::from_hours(24);
/// A request waits for a refresh, and for an API that is silent for as long as its route allows.
const LIMIT: Duration = Duration::from_secs(20);
/// The code of a WebSocket whose session is over.
const SIGNED_OUT: u16 = 4401;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forwarded_answers_right_under_every_fault_of_its_api() {
    let begun = Instant::now();
    let mut by_fault = Vec::new();
    for life in [Life::Long, Life::Short] {
        let world = World::start(life, Store::Folder).await;
        for trouble in Trouble::ALL {
            let mut figures = Figures::default();
            let mut trials = JoinSet::new();
            for _ in 0..PEOPLE {
                let world = Arc::clone(&world);
                trials.spawn(async move { under_trouble(&world, trouble).await });
            }
            trials.join_all().await.into_iter().for_each(|found| figures.add(found));
            figures.faults = PEOPLE * 4;
            by_fault.push((trouble.words(), figures));
            // The circuit breaker of the route is open.
            let mut witness = Trial::prepare(&world, Errand::Account, "the end of a fault").await;
            witness.is_served().await;
            by_fault.push(("afterwards", witness.figures));
        }
    }
    conclude("an API behind the proxy, valid and then expired access tokens", begun, by_fault);
}

async fn under_trouble(world: &World, trouble: Trouble) -> Figures {
    let mut trial = Trial::prepare(world, Errand::Account, trouble.words()).await;
    world.tokens_end().await;
    let begins = matches!(trouble, Trouble::Nothing | Trouble::Delay | Trouble::Cut);
    let body = if trouble == Trouble::Cut { "not" } else { "noted" };
    trial.forward("GET", trouble, begins.then_some(body)).await;
    trial.forward("POST", trouble, begins.then_some(body)).await;
    let events = trial.events(trouble, begins).await;
    let socket = trial.socket(trouble, begins).await;
    if trouble == Trouble::Cut {
        if let Some(mut events) = events {
            trial.holds(events.ends().await, "a stream whose API is gone goes on");
        }
        if let Some(mut socket) = socket {
            trial.holds(!socket.goes_on().await, "a socket whose API is gone goes on");
        }
    } else {
        trial.go_on(events, socket, "under a fault of the API").await;
    }
    trial.session_is_there().await;
    trial.figures
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_outlast_every_fault_of_the_store_and_end_with_their_session() {
    let begun = Instant::now();
    let (some, others) = StoreFault::ALL.split_at(StoreFault::ALL.len() / 2);
    let (mut some, others) = tokio::join!(under_store_faults(some), under_store_faults(others));
    some.extend(others);
    conclude("what is forwarded, while Redis is disturbed", begun, some);
}

async fn under_store_faults(faults: &[StoreFault]) -> Vec<(&'static str, Figures)> {
    let world = World::start(Life::Long, Store::Redis).await;
    let store = world.store_wire.as_ref().unwrap();
    let mut by_fault = Vec::new();
    for &fault in faults {
        let mut trial = Trial::prepare(&world, Errand::Account, fault.words()).await;
        let mut open = trial.open_both().await;
        store.spoil(fault).await;
        trial.forward("GET", Trouble::Nothing, Some("noted")).await;
        trial.forward("POST", Trouble::Nothing, Some("noted")).await;
        // Longer than it takes to ask whether the session is over.
        pause(Duration::from_secs(5)).await;
        trial.still(&mut open, "while the store is away").await;
        trial.figures.faults = store.heal().max(1);
        trial.session_is_there().await;
        trial.still(&mut open, "after the store is back").await;
        trial.sign_out_ends(open).await;
        by_fault.push((fault.words(), trial.figures));
    }
    by_fault
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_request_whose_refresh_meets_a_fault_loses_nobody() {
    let begun = Instant::now();
    let world = World::start(Life::Short, Store::Folder).await;
    let mut trials = JoinSet::new();
    for fault in Fault::ALL {
        let world = Arc::clone(&world);
        trials.spawn(async move {
            let mut trial = Trial::prepare(&world, Errand::Account, fault.words()).await;
            world.tokens_end().await;
            let address = trial.person.browser.address;
            world.wire.spoil(address, fault, At::Only(1));
            let socket = trial.socket(Trouble::Nothing, true).await;
            trial.forward("POST", Trouble::Nothing, Some("noted")).await;
            trial.figures.faults = world.wire.heal(address);
            world.wire.settled(address).await;
            trial.session_is_there().await;
            trial.go_on(None, socket, "after its refresh met a fault").await;
            (fault.words(), trial.figures)
        });
    }
    conclude("what is forwarded, its refresh meets a fault", begun, trials.join_all().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_outlast_a_wrong_clock() {
    let begun = Instant::now();
    let world = World::start_on(Kind::OwnClock, Life::Short, Store::Folder).await;
    let mut trial = Trial::prepare(&world, Errand::Account, "a clock that is a day ahead").await;
    let mut open = trial.open_both().await;
    for by in [DAY, Duration::ZERO] {
        world.machines[1].set_ahead(by);
        pause(Duration::from_secs(5)).await;
        trial.still(&mut open, "by a wrong clock").await;
        trial.forward("GET", Trouble::Nothing, Some("noted")).await;
        trial.session_is_there().await;
    }
    trial.figures.faults = 1;
    trial.sign_out_ends(open).await;
    conclude(
        "what is forwarded, by a wrong clock",
        begun,
        [("a clock a day ahead, and back", trial.figures)],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_outlast_a_full_disk() {
    if !Machine::may_have_a_disk().await {
        return;
    }
    let begun = Instant::now();
    let world = World::start_on(Kind::SmallDisk, Life::Short, Store::Folder).await;
    let mut trial = Trial::prepare(&world, Errand::Account, "a full disk").await;
    let mut open = trial.open_both().await;
    world.tokens_end().await;
    world.machines[1].fill();
    trial.forward("GET", Trouble::Nothing, Some("noted")).await;
    trial.forward("POST", Trouble::Nothing, Some("noted")).await;
    pause(Duration::from_secs(5)).await;
    trial.still(&mut open, "on a full disk").await;
    world.machines[1].free();
    assert_eq!(until_served(&mut trial.person.browser).await.status, 200);
    trial.session_is_there().await;
    trial.still(&mut open, "after the disk was full").await;
    trial.figures.faults = 1;
    trial.sign_out_ends(open).await;
    conclude("what is forwarded, on a full disk", begun, [("a full disk of the application", trial.figures)]);
}

/// The open streams of a person.
type Streams = (Events, Socket);

impl Trial {
    /// Sends a request through the proxy. `body` is that of the API's answer, if there should be one; instead of it, the
    /// answer may always be that the API cannot be asked now.
    async fn forward(&mut self, method: &str, trouble: Trouble, body: Option<&str>) {
        let path = format!("/api/notes/{}/note", trouble.path());
        let answer = match method {
            "GET" => self.person.browser.get(&path).await,
            _ => self.person.browser.post(&path, "a note").await,
        };
        self.figures.requests += 1;
        self.figures.slowest_page = self.figures.slowest_page.max(answer.took);
        self.figures.unavailable += usize::from(answer.status == 503);
        let is_right = match answer.status {
            200 => body == Some(&*answer.body),
            503 => answer.says_when,
            _ => false,
        };
        if !is_right || answer.took > LIMIT {
            self.wrong(&path, &answer, "is no right answer in time");
        }
    }

    async fn events(&mut self, trouble: Trouble, begins: bool) -> Option<Events> {
        let opened = open_events(&self.person, trouble).await;
        self.begun("events", opened, begins)
    }

    async fn socket(&mut self, trouble: Trouble, begins: bool) -> Option<Socket> {
        let opened = open_socket(&self.person, trouble).await;
        self.begun("socket", opened, begins)
    }

    fn begun<T>(&mut self, what: &str, opened: Result<T, (u16, bool)>, begins: bool) -> Option<T> {
        self.figures.requests += 1;
        match opened {
            Ok(stream) => {
                self.holds(begins, "a stream begins although there is none");
                Some(stream)
            }
            Err((status, says_when)) => {
                self.figures.unavailable += 1;
                if status != 503 || !says_when {
                    self.wrong(what, &Answer { status, ..Answer::default() }, "does not begin");
                }
                None
            }
        }
    }

    /// Opens both without any fault.
    async fn open_both(&mut self) -> Streams {
        self.figures.requests += 2;
        let events = open_events(&self.person, Trouble::Nothing).await;
        let socket = open_socket(&self.person, Trouble::Nothing).await;
        (
            events.unwrap_or_else(|refused| panic!("no events: {refused:?}")),
            socket.unwrap_or_else(|refused| panic!("no socket: {refused:?}")),
        )
    }

    async fn still(&mut self, (events, socket): &mut Streams, when: &'static str) {
        let (events_go_on, socket_goes_on) = tokio::join!(events.goes_on(), socket.goes_on());
        self.holds(events_go_on, &format!("a stream of events ends {when}"));
        self.holds(socket_goes_on, &format!("a socket ends {when}"));
    }

    async fn go_on(&mut self, events: Option<Events>, socket: Option<Socket>, when: &str) {
        if let Some(mut events) = events {
            self.holds(events.goes_on().await, &format!("a stream of events ends {when}"));
        }
        if let Some(mut socket) = socket {
            self.holds(socket.goes_on().await, &format!("a socket ends {when}"));
        }
    }

    /// The person signs out, and both streams end.
    async fn sign_out_ends(&mut self, (mut events, mut socket): Streams) {
        self.figures.requests += 1;
        let answer = self.person.browser.post("/api/sign-out", "").await;
        self.holds(answer.status == 303, "nobody can sign out");
        let (events_end, code) = tokio::join!(events.ends(), socket.ends());
        self.holds(events_end, "a stream of events outlives its session");
        self.holds(
            code == Some(SIGNED_OUT),
            &format!("a socket outlives its session, or ends with {code:?}"),
        );
    }

    /// Waits until the API is asked again.
    async fn is_served(&mut self) {
        let begun = Instant::now();
        loop {
            let answer = self.person.browser.get("/api/notes/nothing/note").await;
            if answer.status == 200 {
                return;
            }
            if answer.status != 503 || begun.elapsed() > UNTIL_ALL_IS_WELL {
                return self.wrong("/api/notes/", &answer, "is not served again");
            }
            pause(COME_BACK_AFTER).await;
        }
    }

    fn holds(&mut self, is_so: bool, why: &str) {
        if !is_so {
            self.wrong("a stream", &Answer::default(), why);
        }
    }
}
