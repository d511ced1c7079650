//! Sessions that are too large for one cookie.

use ironleaf_session::{Session, SessionTooLarge};

use axum::{Router, routing::any};

use crate::support::{Browser, COOKIE, Site, Text, request};

/// A site that allows a session of a dozen kilobytes and more.
fn roomy() -> Site {
    Site::new().with_settings(|settings| settings.header_budget_bytes = 64 * 1024)
}

fn text(bytes: usize) -> String {
    ('a'..='z').cycle().take(bytes).collect()
}

fn chunk(index: usize) -> String {
    format!("{COOKIE}.{index}")
}

#[tokio::test]
async fn every_cookie_stays_within_4096_bytes_and_the_session_comes_back() {
    let site = roomy();
    for bytes in [0, 100, 2_800, 2_850, 2_900, 2_950, 3_000, 4_096, 5_900, 6_000, 12_000, 45_000] {
        let mut browser = site.browser();
        let answer = browser.send("/sign-in", &text(bytes)).await;
        for line in answer.lines() {
            assert!(line.len() <= 4096, "{bytes}: {}", line.len());
        }
        assert_eq!(browser.reads().await, format!("0 {}", text(bytes)));
    }
}

#[tokio::test]
async fn a_session_is_split_only_when_it_must_be() {
    let site = roomy();
    let mut largest_whole = 0;
    for bytes in 2_700..3_100 {
        let answer = site.browser().send("/sign-in", &text(bytes)).await;
        if answer.lines().len() == 1 {
            largest_whole = answer.lines()[0].len();
            assert!(answer.lines()[0].starts_with(&format!("{COOKIE}=")));
        } else {
            assert!(answer.lines()[0].starts_with(&format!("{COOKIE}.0=")));
        }
    }
    assert!((4093..=4096).contains(&largest_whole), "{largest_whole}");
}

#[tokio::test]
async fn an_incomplete_set_is_anonymous_and_nothing_is_removed() {
    let site = roomy();
    let complete = site.signed_in(&text(12_000)).await;
    assert_eq!(complete.jar.len(), 5);
    for index in 0..5 {
        let mut torn = complete.clone();
        torn.jar.remove(&chunk(index));
        let answer = torn.get("/arrival").await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("Incomplete", 0));
        assert_eq!(torn.reads().await, "anonymous");
    }
}

#[tokio::test]
async fn a_mixed_set_is_anonymous_and_nothing_is_removed() {
    let site = roomy();
    let first = site.signed_in(&text(12_000)).await;
    let mut second = site.signed_in(&text(12_000)).await;
    second.jar.insert(chunk(2), first.jar[&chunk(2)].clone());
    let answer = second.get("/arrival").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("Incomplete", 0));
}

#[tokio::test]
async fn a_chunk_under_another_index_is_not_taken() {
    let mut browser = roomy().signed_in(&text(5_000)).await;
    let (zero, one) = (browser.jar[&chunk(0)].clone(), browser.jar[&chunk(1)].clone());
    browser.jar.insert(chunk(0), one);
    browser.jar.insert(chunk(1), zero);
    assert_eq!(browser.get("/arrival").await.body, "Incomplete");
}

#[tokio::test]
async fn a_set_with_one_part_altered_is_removed() {
    let mut browser = roomy().signed_in(&text(5_000)).await;
    let last = browser.jar.get_mut(&chunk(1)).unwrap();
    let middle = last.len() / 2;
    let altered = if &last[middle..=middle] == "A" { "B" } else { "A" };
    last.replace_range(middle..=middle, altered);
    let answer = browser.get("/arrival").await;
    assert_eq!(answer.body, "Tampered");
    assert!(browser.jar.is_empty(), "all chunks are removed");
}

#[tokio::test]
async fn a_session_that_shrinks_takes_its_stale_chunks_with_it() {
    let mut browser = roomy().signed_in(&text(12_000)).await;
    browser.send("/write", &text(4_000)).await;
    assert_eq!(browser.jar.keys().cloned().collect::<Vec<_>>(), [chunk(0), chunk(1)]);
    browser.send("/write", "small").await;
    assert_eq!(browser.jar.keys().cloned().collect::<Vec<_>>(), [COOKIE]);
    assert_eq!(browser.reads().await, "2 small");
}

#[tokio::test]
async fn a_session_that_grows_takes_the_single_cookie_with_it() {
    let mut browser = roomy().signed_in("small").await;
    browser.send("/write", &text(5_000)).await;
    assert_eq!(browser.jar.keys().cloned().collect::<Vec<_>>(), [chunk(0), chunk(1)]);
}

#[tokio::test]
async fn signing_out_removes_every_chunk_with_the_attributes_it_was_set_with() {
    let mut browser = roomy().signed_in(&text(5_000)).await;
    let answer = browser.get("/destroy").await;
    for name in [chunk(0), chunk(1), COOKIE.to_owned()] {
        let line = format!("{name}=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0");
        assert!(answer.lines().contains(&line), "{name}");
    }
    assert!(browser.jar.is_empty());
}

#[tokio::test]
async fn a_whole_value_and_a_set_of_the_same_session_yield_the_higher_rotation() {
    let site = roomy();
    let mut browser = site.signed_in(&text(5_000)).await;
    let mut both = browser.jar.clone();
    browser.send("/rotate", "newer").await;
    both.extend(browser.jar);
    assert_eq!(both.len(), 3);
    let mut browser = site.browser();
    browser.jar = both;
    assert_eq!(browser.reads().await, "1 newer");
}

#[tokio::test]
async fn over_the_budget_the_old_cookie_stays_and_the_response_says_why() {
    let site = Site::new();
    let mut browser = site.signed_in("small").await;
    let answer = browser.send("/write", &text(9_000)).await;
    let Some(SessionTooLarge { needed_bytes, budget_bytes: 7168 }) = answer.too_large else {
        panic!("the response says why: {:?}", answer.too_large)
    };
    assert!(needed_bytes > 12_000, "{needed_bytes}");
    assert_eq!(answer.lines(), [""; 0]);
    assert_eq!(browser.reads().await, "0 small", "the person is not signed out");
}

#[tokio::test]
async fn a_handler_can_ask_beforehand_whether_the_session_fits() {
    let site = Site::new();
    let ask = async |session: Session<Text>, text: String| {
        session.modify(|payload| payload.0 = text);
        format!("{:?}", session.fits().map_err(|error| error.needed_bytes))
    };
    let router = Router::new().route("/", any(ask)).layer(site.layer::<Text>());
    let mut browser = Browser::new(router);
    assert_eq!(browser.get("/").await.body, "Ok(())", "an anonymous session always fits");
    browser.jar = site.signed_in("").await.jar;
    for bytes in [5_000, 9_000, 200_000] {
        let answer = browser.send("/", &text(bytes)).await;
        match answer.too_large {
            None => assert_eq!(answer.body, "Ok(())"),
            Some(error) => assert_eq!(answer.body, format!("Err({})", error.needed_bytes)),
        }
        assert_eq!(answer.too_large.is_some(), bytes > 5_000);
    }
}

#[tokio::test]
async fn the_budget_is_met_to_the_byte() {
    let measure = async |site: &Site| {
        let browser = site.signed_in(&text(4_000)).await;
        let header: Vec<String> = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        header.join("; ").len()
    };
    let exact = measure(&roomy()).await;
    let site = |budget| Site::new().with_settings(|settings| settings.header_budget_bytes = budget);
    assert_eq!(site(exact).browser().send("/sign-in", &text(4_000)).await.lines().len(), 2);
    let refused = site(exact - 1).browser().send("/sign-in", &text(4_000)).await;
    assert_eq!(refused.too_large, Some(SessionTooLarge { needed_bytes: exact, budget_bytes: exact - 1 }));
}

#[tokio::test]
async fn a_session_that_nobody_changed_is_measured_as_if_it_were_written() {
    let signed_in = roomy().signed_in(&text(4_000)).await;
    let header: Vec<String> = signed_in.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let exact = header.join("; ").len();
    let ask =
        async |session: Session<Text>| format!("{:?}", session.fits().map_err(|error| error.needed_bytes));
    for (budget, answer) in [(exact, "Ok(())".to_owned()), (exact - 1, format!("Err({exact})"))] {
        let site = Site::new().with_settings(|settings| settings.header_budget_bytes = budget);
        let mut browser = Browser::new(Router::new().route("/", any(ask)).layer(site.layer::<Text>()));
        browser.jar.clone_from(&signed_in.jar);
        assert_eq!(browser.get("/").await.body, answer, "{budget} bytes");
    }
}

#[tokio::test]
async fn a_header_full_of_chunks_is_read_without_trouble() {
    let chunks =
        |index: usize| format!("{COOKIE}.{}=abcd{:04}.{}.32.v1.AAAA", index % 32, index / 31, index % 32);
    let header = (0..2_000).map(chunks).collect::<Vec<_>>().join("; ");
    let answer = request(&Site::new().router(), "/arrival", header.as_bytes()).await;
    assert!(["Incomplete", "Tampered"].contains(&answer.body.as_str()), "{}", answer.body);
}
