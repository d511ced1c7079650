//! A storm: rounds of 200 requests with the same cookie, first without faults, then with all faults.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::machine::{MACHINE, pause};
use crate::people::{Browser, Page, Visit};
use crate::proxy::{Fault, Moment};
use crate::tally::Tally;
use crate::world::{Shared, Stats, World};

const REQUESTS: usize = 200;

/// The lifetime of access tokens. A round without faults takes a fraction of it. A longer round would need two
/// refreshes.
const ACCESS_TOKEN_TTL: Duration = Duration::from_secs(8);

const CLEAN_ROUNDS: usize = 3;
const FAULTY_ROUNDS: usize = Fault::ALL.len() + 1;
const KILL_ROUNDS: usize = 4;
const REDIS_ROUNDS: usize = 1;
const SESSIONS: usize = CLEAN_ROUNDS + FAULTY_ROUNDS + KILL_ROUNDS + REDIS_ROUNDS;

/// As many failures as a request has the patience for. The last one consumes the token.
const A_BAD_DAY: [Fault; 4] = [
    Fault::Reset(Moment::Before),
    Fault::Unavailable(Moment::After),
    Fault::Garbage(Moment::Before),
    Fault::Reset(Moment::After),
];

/// The delay of a kill, so that the other requests wait for the held refresh.
const MEANWHILE: Duration = Duration::from_millis(100);

pub(crate) struct Storm {
    name: &'static str,
    world: World,
    browsers: Vec<Browser>,
    tally: Tally,
}

/// A running round.
struct Round {
    visits: JoinSet<Visit>,
    /// How many requests have been answered.
    answered: Arc<watch::Sender<usize>>,
}

impl Storm {
    pub(crate) async fn begin(name: &'static str, replicas: usize, shared: Shared) -> Self {
        let ttl = format!("{}s", ACCESS_TOKEN_TTL.as_secs());
        let world = World::start(replicas, shared, &ttl).await;
        let browsers = world.people.sign_in(SESSIONS).await;
        Self { name, world, browsers, tally: Tally::default() }
    }

    pub(crate) async fn blow_over(mut self) {
        pause(ACCESS_TOKEN_TTL).await;
        let alone = MACHINE.write().await;
        // Each round has its own session, which has been unused since its access token expired.
        let mut next = 0;
        let mut session = || {
            next += 1;
            next - 1
        };
        for _ in 0..CLEAN_ROUNDS {
            self.clean_round(session()).await;
        }
        let _together = alone.downgrade();
        for fault in Fault::ALL {
            self.faulty_round(session(), &[fault]).await;
        }
        self.faulty_round(session(), &A_BAD_DAY).await;
        let last = self.world.replicas.len() - 1;
        self.kill_round(session(), Some(Moment::Before), &[0]).await;
        self.kill_round(session(), Some(Moment::After), &[last]).await;
        self.kill_round(session(), None, &[0]).await;
        self.kill_round(session(), Some(Moment::After), &[0, last]).await;
        if self.world.redis.is_some() {
            self.redis_round(session()).await;
        }
        self.everybody_is_still_there().await;
        pause(ACCESS_TOKEN_TTL).await;
        self.everybody_is_still_there().await;
        self.judge().await;
    }

    /// 200 requests with an expired access token: one refresh, and 200 pages.
    ///
    /// A request waits for 5 s, and then gets a 503. On a busy machine this happens to some requests.
    /// `http/parallel.rs` shows with virtual time that it is never necessary.
    async fn clean_round(&mut self, session: usize) {
        let before = self.world.stats().await;
        let round = self.begin_round(session, REQUESTS);
        let pages = self.end_round(session, round).await;
        assert!(self.tally.wrong.is_empty(), "{}: {:?}", self.name, self.tally.wrong);
        assert!(pages > REQUESTS / 2, "{}: {pages} of {REQUESTS} pages", self.name);
        for tab in pages..REQUESTS {
            let cookies = self.browsers[session].first_cookies.clone();
            let visit = self.world.people.clone().visit_until_served(cookies, tab).await;
            assert_eq!(visit.page, Page::Person, "{}: who came back", self.name);
        }
        let tab =
            self.world.people.clone().visit(self.browsers[session].first_cookies.clone(), session).await;
        assert_eq!(tab.page, Page::Person, "{}: a tab with the old cookie", self.name);
        let after = Stats { accepted: before.accepted + 1, ..before };
        assert_eq!(self.world.stats().await, after, "{}", self.name);
    }

    async fn faulty_round(&mut self, session: usize, faults: &[Fault]) {
        self.world.proxy.fail(faults);
        let round = self.begin_round(session, REQUESTS);
        self.end_round(session, round).await;
    }

    /// Kills replicas while the refresh is held, or after some of the answers, and starts them again.
    async fn kill_round(&mut self, session: usize, held: Option<Moment>, replicas: &[usize]) {
        if let Some(moment) = held {
            self.world.proxy.hold(moment);
        }
        // The first request is the leader. It goes to the first replica that will be killed.
        let people = self.world.people.clone();
        let mut round = self.begin_round(session, 0);
        round.visit(people.clone().visit(self.browsers[session].cookies.clone(), replicas[0]));
        if held.is_some() {
            self.world.proxy.holds(1).await;
        }
        for tab in 1..REQUESTS {
            round.visit(people.clone().visit(self.browsers[session].cookies.clone(), tab));
        }
        match held {
            Some(_) => pause(MEANWHILE).await,
            None => round.answers(REQUESTS / 4).await,
        }
        let mut replicas = replicas.to_vec();
        replicas.dedup();
        for &replica in &replicas {
            self.world.replicas[replica].kill().await;
            self.tally.kills += 1;
        }
        // Requests that are already under way still arrive.
        self.world.proxy.heal();
        for &replica in &replicas {
            self.world.replicas[replica].start_again().await;
        }
        self.end_round(session, round).await;
    }

    /// Kills the store during a refresh, and starts it again.
    async fn redis_round(&mut self, session: usize) {
        self.world.proxy.hold(Moment::After);
        let round = self.begin_round(session, REQUESTS);
        self.world.proxy.holds(1).await;
        let redis = self.world.redis.as_mut().unwrap();
        redis.kill().await;
        self.tally.kills += 1;
        self.world.proxy.heal();
        pause(MEANWHILE).await;
        redis.start_again().await;
        self.end_round(session, round).await;
    }

    fn begin_round(&mut self, session: usize, requests: usize) -> Round {
        self.tally.rounds += 1;
        let mut round = Round { visits: JoinSet::new(), answered: Arc::new(watch::Sender::new(0)) };
        for tab in 0..requests {
            round.visit(self.world.people.clone().visit(self.browsers[session].cookies.clone(), tab));
        }
        round
    }

    /// The browser keeps the cookies of all answers in order. Returns how many answers showed the person.
    async fn end_round(&mut self, session: usize, mut round: Round) -> usize {
        let before = self.tally.pages;
        while let Some(visit) = round.visits.join_next().await {
            let visit = visit.unwrap();
            self.tally.count(&visit);
            self.browsers[session].learn(&visit);
        }
        self.tally.pages - before
    }

    /// Opens the page in every browser, with its newest and its oldest cookies.
    async fn everybody_is_still_there(&mut self) {
        let mut visits = JoinSet::new();
        for (number, browser) in self.browsers.iter().enumerate() {
            for cookies in [browser.cookies.clone(), browser.first_cookies.clone()] {
                let visit = self.world.people.clone().visit_until_served(cookies, number);
                visits.spawn(async move { (number, visit.await) });
            }
        }
        while let Some(visit) = visits.join_next().await {
            let (number, visit) = visit.unwrap();
            self.tally.count(&visit);
            assert_eq!(visit.page, Page::Person, "{}: session {number} is lost", self.name);
            self.browsers[number].learn(&visit);
        }
    }

    async fn judge(self) {
        let stats = self.world.stats().await;
        self.tally.print(self.name, &self.world.proxy, stats);
        assert!(self.tally.wrong.is_empty(), "{}: {:?}", self.name, self.tally.wrong);
        assert_eq!((stats.refused, stats.revoked), (0, 0), "{}", self.name);
        assert!(Fault::ALL.iter().all(|fault| self.world.proxy.met().contains_key(fault)), "{}", self.name);
    }
}

impl Round {
    fn visit(&mut self, visit: impl Future<Output = Visit> + Send + 'static) {
        let answered = Arc::clone(&self.answered);
        self.visits.spawn(async move {
            let visit = visit.await;
            answered.send_modify(|answered| *answered += 1);
            visit
        });
    }

    async fn answers(&self, count: usize) {
        self.answered.subscribe().wait_for(|answered| *answered >= count).await.unwrap();
    }
}
