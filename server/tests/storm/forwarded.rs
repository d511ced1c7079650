//! Requests that are forwarded to an API, when their access token has expired.

use std::io::Write as _;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::machine::{MACHINE, pause};
use crate::people::Page;
use crate::world::{Shared, Stats, World};

const REQUESTS: usize = 200;
const ACCESS_TOKEN_TTL: Duration = Duration::from_secs(8);
/// The core API's own answer about the person, through `PROXY_ROUTES`.
const PATH: &str = "/api/people/current";

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_redis_forward_two_hundred_requests_with_one_refresh() {
    storm(Shared::Redis, "Redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_forward_two_hundred_requests_with_one_refresh() {
    storm(Shared::OneFolder, "one SQLite").await;
}

/// A request waits for the refresh for 5 s, and then gets a 503. On a busy machine this happens to some, which come
/// back. `http/proxy.rs` shows with virtual time that it is never necessary.
async fn storm(shared: Shared, store: &str) {
    let world = World::start(2, shared, &format!("{}s", ACCESS_TOKEN_TTL.as_secs())).await;
    let browser = world.people.sign_in(1).await.remove(0);
    pause(ACCESS_TOKEN_TTL).await;
    let _alone = MACHINE.write().await;
    let before = world.stats().await;
    let mut visits = JoinSet::new();
    for tab in 0..REQUESTS {
        let (people, cookies) = (world.people.clone(), browser.cookies.clone());
        visits.spawn(async move { people.visit_at(PATH, cookies, tab).await });
    }
    let visits = visits.join_all().await;
    let served = visits.iter().filter(|visit| visit.page == Page::Person).count();
    let others: Vec<_> =
        visits.iter().filter(|visit| !matches!(visit.page, Page::Person | Page::Unavailable)).collect();
    assert!(others.is_empty(), "{:?}", others.iter().map(|visit| &visit.page).collect::<Vec<_>>());
    assert!(served > REQUESTS / 2, "{served} of {REQUESTS} answers");
    for tab in served..REQUESTS {
        let visit = world.people.clone().visit_at(PATH, browser.cookies.clone(), tab).await;
        assert_eq!(visit.page, Page::Person, "who came back");
    }
    let after = world.stats().await;
    assert_eq!(after, Stats { accepted: before.accepted + 1, ..before });
    let slowest = visits.iter().map(|visit| visit.took).max().unwrap_or_default();
    let line = format!(
        "forwarded, two processes, {store}: {REQUESTS} requests at expiry, 1 refresh, {served} answers at once, {} after a 503, \
         slowest {} ms",
        REQUESTS - served,
        slowest.as_millis()
    );
    let _ = writeln!(std::io::stdout(), "{line}");
    for replica in world.replicas.iter().filter(|_| served < REQUESTS) {
        let _ = writeln!(std::io::stdout(), "{:#?}", replica.said.lock().unwrap());
    }
}
