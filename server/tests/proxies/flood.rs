//! Thousands of requests that are answered before they have arrived completely. If the proxy's connection is reset in
//! the meantime, the proxy replaces the answer with a 502 and treats the replica as down.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::RequestBuilder;
use tokio::task::JoinSet;

use crate::client::{Browser, Speaks, status};
use crate::machine::MACHINE;
use crate::programs::Program;
use crate::world::World;

/// The number of early answers of each kind.
const ANSWERS: usize = 1_000;

/// The number of requests that run at the same time.
const AT_ONCE: usize = 16;

/// More than any form needs, and too much for all buffers on the way.
const TOO_MUCH: usize = 300 * 1024;

/// The largest size of a form.
const MUCH: usize = 60 * 1024;

/// The number of oversized bodies, in each of two encodings and from each browser.
const LARGE_BODIES: usize = 8;

/// Builds a sign-in request that is answered before it is processed, by its number.
type Try = fn(&Browser, usize) -> RequestBuilder;

const KINDS: [(&str, Try); 3] = [
    ("413", |browser, _| sign_in(browser, "ada@test.com", TOO_MUCH).header("sec-fetch-site", "same-origin")),
    ("403", |browser, number| {
        let bytes = if number.is_multiple_of(2) { TOO_MUCH } else { MUCH };
        sign_in(browser, "ada@test.com", bytes).header("sec-fetch-site", "cross-site")
    }),
    ("429", |browser, _| sign_in(browser, "limited@test.com", 0).header("sec-fetch-site", "same-origin")),
];

fn sign_in(browser: &Browser, email: &str, padding: usize) -> RequestBuilder {
    let body = format!("email={email}&password=wrong-password&padding={}", "x".repeat(padding));
    browser.post("/api/sign-in", body)
}

pub(crate) async fn of_early_answers_behind(program: &Program) {
    let _alone = MACHINE.lock().await;
    let Some(world) = World::behind(program).await else { return };
    let attacker = |speaks| Browser::at(&world.front, Ipv4Addr::new(127, 0, 0, 2), speaks);
    let attackers = [attacker(Speaks::Http1), attacker(Speaks::Http2)];
    while status(KINDS[2].1(&attackers[0], 0)).await != "429" {}
    let others = Others::begin(Browser::at(&world.front, Ipv4Addr::new(127, 0, 0, 3), Speaks::Http1));
    let mut seen = BTreeMap::new();
    for (expected, one_try) in KINDS {
        let started = Instant::now();
        let answers = flood(&attackers, one_try).await;
        let _ = writeln!(
            std::io::stderr(),
            "{} {expected}: {answers:?} in {:?}",
            program.names[0],
            started.elapsed()
        );
        seen.insert(expected, answers);
    }
    bodies_larger_than_any(&attackers).await;
    let (pages, other_pages) = others.end().await;
    let before = world.logins_shown().await;
    for (expected, answers) in seen {
        assert_eq!(answers, BTreeMap::from([(expected.to_owned(), ANSWERS)]));
    }
    assert!(other_pages.is_empty(), "of {pages} pages for others: {other_pages:?}");
    both_replicas_serve(&world, before).await;
}

/// Proxies refuse these bodies themselves if they know the size. Some reset the client while it is still sending, which
/// concerns only the two of them. But no proxy may say that a replica has failed.
async fn bodies_larger_than_any(attackers: &[Browser; 2]) {
    for browser in attackers {
        for number in 0..LARGE_BODIES {
            let megabytes = [2, 5, 12, 40][number % 4];
            let form = sign_in(browser, "ada@test.com", megabytes << 20);
            let form = form.header("sec-fetch-site", "same-origin");
            let part = Bytes::from(vec![b'x'; 64 * 1024]);
            let parts = (0..megabytes * 16).map(move |_| Ok::<_, Infallible>(Frame::data(part.clone())));
            let of_unknown_length = reqwest::Body::wrap(StreamBody::new(futures_util::stream::iter(parts)));
            let in_parts = sign_in(browser, "ada@test.com", 0).header("sec-fetch-site", "same-origin");
            for form in [form, in_parts.body(of_unknown_length)] {
                let answer = status(form).await;
                assert!(!answer.starts_with('5') && !answer.starts_with('2'), "{megabytes} MB: {answer}");
            }
        }
    }
}

/// How often each answer came.
async fn flood(attackers: &[Browser; 2], one_try: Try) -> BTreeMap<String, usize> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..AT_ONCE {
        let (next, browser) = (Arc::clone(&next), attackers[sender % 2].clone());
        senders.spawn(async move {
            let mut seen = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= ANSWERS {
                    return seen;
                }
                seen.push(status(one_try(&browser, number)).await);
            }
        });
    }
    let mut answers = BTreeMap::new();
    for answer in senders.join_all().await.into_iter().flatten() {
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

/// Another browser, which opens the sign-in page again and again.
struct Others {
    is_over: Arc<AtomicBool>,
    visits: tokio::task::JoinHandle<(usize, Vec<String>)>,
}

impl Others {
    fn begin(browser: Browser) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let visits = tokio::spawn(async move {
            let (mut pages, mut others) = (0, Vec::new());
            while !over.load(Ordering::Relaxed) {
                let page = status(browser.get("/login")).await;
                pages += 1;
                others.extend(Some(page).filter(|page| page != "200"));
            }
            (pages, others)
        });
        Self { is_over, visits }
    }

    /// Returns how many pages it requested, and all answers other than a page.
    async fn end(self) -> (usize, Vec<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        let (pages, others) = self.visits.await.unwrap();
        assert!(pages > 0);
        (pages, others)
    }
}

/// Checked immediately after the flood, because a proxy would still skip a replica that it treats as down.
async fn both_replicas_serve(world: &World, before: [u64; 2]) {
    let browser = Browser::at(&world.front, Ipv4Addr::new(127, 0, 0, 3), Speaks::Http1);
    for _ in 0..20 {
        assert_eq!(status(browser.get("/login")).await, "200");
    }
    let after = world.logins_shown().await;
    assert!(after[0] > before[0] && after[1] > before[1], "{before:?}, then {after:?}");
}
