//! Several secrets, and replacing them while sessions are in use.

use std::{collections::HashSet, time::Duration};

use ironleaf_session::KeyRole;

use crate::support::{Browser, COOKIE, Site, ring, secret};

const SESSIONS: usize = 1_000;
const MINUTE: Duration = Duration::from_mins(1);

/// The key id has eight bytes, so it takes the first ten characters and a part of the eleventh.
fn key_of(browser: &Browser) -> &str {
    &browser.jar[COOKIE][3..13]
}

#[tokio::test]
async fn a_value_under_an_old_key_is_sealed_anew_on_the_way_out() {
    let old = Site::new().with_keys(&[1]);
    let both = Site::new().with_keys(&[2, 1]);
    let new = Site::new().with_keys(&[2]);
    let mut browser = old.signed_in("text").await;
    assert_eq!(browser.visit(&both).get("/plain").await.lines().len(), 1);
    assert_eq!(browser.get("/plain").await.lines().len(), 0);
    assert_eq!(browser.visit(&new).reads().await, "0 text");
}

#[tokio::test]
async fn secrets_rotate_under_load_and_nobody_is_signed_out() {
    let site = Site::new();
    let mut browsers = Vec::new();
    for number in 0..SESSIONS {
        browsers.push(site.signed_in(&number.to_string()).await);
    }
    let clock = site.time.clock();
    let lists: [&[u8]; 2] = [&[2, 1], &[3, 2]];
    for list in lists {
        site.keys.replace(list.iter().copied().map(secret), &clock).unwrap();
        for step in 0..3 {
            for (number, browser) in browsers.iter_mut().enumerate() {
                assert_eq!(browser.reads().await, format!("0 {number}"), "list {list:?}, step {step}");
            }
            site.time.advance(5 * MINUTE);
        }
    }
    let keys: HashSet<&str> = browsers.iter().map(key_of).collect();
    assert_eq!(keys, HashSet::from([key_of(&Site::new().with_keys(&[3]).signed_in("").await)]));
    for browser in &mut browsers {
        browser.reads().await;
    }
    let evidence = site.keys.evidence(site.settings.idle_timeout, site.time.now());
    let counts: Vec<_> = evidence.iter().map(|key| (key.role, key.sessions)).collect();
    assert_eq!(counts, [(KeyRole::Sealing, SESSIONS), (KeyRole::Old, 0)]);
}

#[tokio::test]
async fn two_processes_that_reload_a_minute_apart_lose_no_session() {
    let first = Site::new();
    let second = Site { keys: ring(&[1]), ..first.clone() };
    let sites = [first.clone(), second.clone()];
    let mut browsers = Vec::new();
    for number in 0..SESSIONS {
        browsers.push(sites[number % 2].signed_in(&number.to_string()).await);
    }
    let clock = first.time.clock();
    for step in 0..8 {
        match step {
            1 => assert!(first.keys.replace([secret(2), secret(1)], &clock).unwrap()),
            2 => assert!(second.keys.replace([secret(2), secret(1)], &clock).unwrap()),
            _ => {}
        }
        for (number, browser) in browsers.iter_mut().enumerate() {
            let answer =
                browser.visit(&sites[(number + step) % 2]).send("/write", &format!("{number} {step}")).await;
            assert_eq!(answer.body, "Some(())", "step {step}");
        }
        first.time.advance(MINUTE);
    }
    for (number, browser) in browsers.iter_mut().enumerate() {
        assert_eq!(browser.reads().await, format!("8 {number} 7"));
    }
}

#[tokio::test]
async fn a_replica_that_is_ahead_is_not_undone_by_one_that_is_behind() {
    let behind = Site::new();
    behind.keys.replace([secret(2), secret(1)], &behind.time.clock()).unwrap();
    let ahead = Site { keys: ring(&[2, 1]), ..behind.clone() };
    let mut browser = ahead.signed_in("text").await;
    let answer = browser.visit(&behind).get("/read").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("0 text", 0));
}
