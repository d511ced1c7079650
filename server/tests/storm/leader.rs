//! The request that started a refresh disappears: its connection is reset, and no other request waits for the refresh.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::machine::{MACHINE, pause};
use crate::people::{Browser, Cookies, People, Visit, header};
use crate::proxy::Moment;
use crate::tally::Tally;
use crate::world::{Shared, World};

const SESSIONS: usize = 100;
const RESETS_EACH: usize = 10;
const RESET_AFTER: Duration = Duration::from_millis(1);
const ACCESS_TOKEN_TTL: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_connection_is_reset_loses_no_session() {
    let world = World::start(1, Shared::OneFolder, "2s").await;
    let browsers = world.people.sign_in(SESSIONS).await;
    let mut tally = Tally::default();
    let mut lives = JoinSet::new();
    for (number, browser) in browsers.into_iter().enumerate() {
        lives.spawn(a_life_of_resets(world.people.clone(), world.replicas[0].address, browser, number));
    }
    let mut browsers = Vec::new();
    for (browser, visits) in lives.join_all().await {
        for visit in &visits {
            tally.count(visit);
        }
        browsers.push(browser);
    }
    assert_eq!(tally.pages, SESSIONS * RESETS_EACH, "{:?}", tally.wrong);

    pause(ACCESS_TOKEN_TTL).await;
    reset_with_the_refresh_under_way(&world, &browsers).await;
    for visit in everybody_loads_the_page_again(&world, &browsers).await {
        tally.count(&visit);
    }
    let stats = world.stats().await;
    let resets = SESSIONS * (RESETS_EACH + 1);
    assert_eq!(tally.pages, resets, "{:?}", tally.wrong);
    assert_eq!((stats.refused, stats.revoked), (0, 0));
    assert!(stats.accepted >= resets as u64, "{stats:?}");
    tally.resets = resets;
    tally.print("leaders reset after 1 ms, the last 100 with their refresh under way", &world.proxy, stats);
}

/// Resets a page's connection immediately whenever the access token has expired, and loads the page again.
async fn a_life_of_resets(
    people: People,
    replica: SocketAddr,
    mut browser: Browser,
    number: usize,
) -> (Browser, Vec<Visit>) {
    let mut visits = Vec::new();
    for _ in 0..RESETS_EACH {
        pause(ACCESS_TOKEN_TTL).await;
        let _together = MACHINE.read().await;
        let leader = lead(replica, browser.cookies.clone()).await;
        pause(RESET_AFTER).await;
        drop(leader);
        let visit = people.clone().visit_until_served(browser.cookies.clone(), number).await;
        browser.learn(&visit);
        visits.push(visit);
    }
    (browser, visits)
}

/// The core API consumes every token, and answers after the leaders' connections are gone.
async fn reset_with_the_refresh_under_way(world: &World, browsers: &[Browser]) {
    world.proxy.hold(Moment::After);
    let mut leaders = Vec::new();
    for browser in browsers {
        leaders.push(lead(world.replicas[0].address, browser.cookies.clone()).await);
    }
    world.proxy.holds(browsers.len()).await;
    drop(leaders);
    pause(RESET_AFTER).await;
    world.proxy.heal();
}

/// Sends a request on a connection that is reset when it is dropped.
async fn lead(replica: SocketAddr, cookies: Cookies) -> TcpStream {
    let mut stream = TcpStream::connect(replica).await.unwrap();
    stream.set_zero_linger().unwrap();
    let head = format!("GET /account HTTP/1.1\r\nHost: {replica}\r\nCookie: {}\r\n\r\n", header(&cookies));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Loads the page again for as long as the answer is a 503, because a hundred refreshes at the same time are slow.
async fn everybody_loads_the_page_again(world: &World, browsers: &[Browser]) -> Vec<Visit> {
    let mut visits = JoinSet::new();
    for (number, browser) in browsers.iter().enumerate() {
        visits.spawn(world.people.clone().visit_until_served(browser.cookies.clone(), number));
    }
    visits.join_all().await
}
