//! How many e-mails strangers can cause, and what this costs the recipients.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::browser::{Answer, Browser};
use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);
const OWNER: &str = "user@test.com";

/// An unknown person at an address of their own.
fn stranger(world: &World, number: u16) -> Browser {
    let [high, low] = number.to_be_bytes();
    let mut browser = world.browser();
    browser.peer = Ipv4Addr::new(198, 51, high, low).into();
    browser
}

async fn reset(browser: &mut Browser, email: &str) -> Answer {
    browser.post("/api/request-password-reset", &format!("email={email}")).await
}

async fn register(browser: &mut Browser, email: &str) -> Answer {
    let form = format!("email={email}&password=password1&confirm_password=password1");
    browser.post("/api/register", &form).await
}

async fn change_to(browser: &mut Browser, email: &str) -> Answer {
    browser.post("/api/update-account", &format!("email={email}&password=&confirm_password=")).await
}

/// The targets of the links in the e-mails to this address, newest first.
async fn links_to(world: &World, email: &str) -> Vec<String> {
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap().into_iter().map(|stored| stored.message);
    // What only tells about a sign-in has no token.
    let links = mails.filter(|mail| mail.to == email && mail.link.contains("token=")).map(|mail| mail.link);
    links
        .map(|link| link.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap().1.to_owned())
        .collect()
}

fn shown(answer: &Answer) -> (u16, String, String) {
    (answer.status, answer.location().to_owned(), answer.body.clone())
}

#[tokio::test]
async fn strangers_who_ask_for_links_have_few_sent_and_hold_up_nobody() {
    let world = World::new().await;
    let mut at_home = world.signed_in().await;
    at_home.post("/api/sign-out", "").await;
    let mut answers = Vec::new();
    for number in 0..120 {
        answers.push(shown(&reset(&mut stranger(&world, number), OWNER).await));
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0] && answer.0 == 303),
        "one differs: {answers:?}"
    );
    let sent = links_to(&world, OWNER).await;
    assert_eq!(sent.len(), 5);

    // Where the person has never signed in, the answer is the same and immediate, and a working link has been sent.
    let mut elsewhere = stranger(&world, 500);
    assert_eq!(shown(&reset(&mut elsewhere, OWNER).await), answers[0]);
    for link in [&sent[4], &sent[0]] {
        let mut browser = stranger(&world, 501);
        browser.get(&format!("/{link}")).await;
        let answer = browser.post("/api/sign-in-with-token", "").await;
        assert_eq!((answer.status, browser.get("/account").await.status), (303, 200), "{link}");
    }
    // Where they have signed in before, the limit for strangers does not apply, and a new e-mail is sent.
    assert_eq!(shown(&reset(&mut at_home, OWNER).await), answers[0]);
    assert_eq!(links_to(&world, OWNER).await.len(), 6);
}

#[tokio::test]
async fn a_day_of_strangers_sends_an_address_few_links_and_one_is_good_at_any_time() {
    let world = World::with(&[("RATE_LIMIT_MAILS", "100000/1h")]).await;
    let (mut number, mut newest, mut without) = (0, None, 0);
    for minutes in 0..24 * 12 {
        for _ in 0..3 {
            assert_eq!(reset(&mut stranger(&world, number), OWNER).await.status, 303);
            number += 1;
        }
        let sent = links_to(&world, OWNER).await.len();
        if newest.is_none_or(|(count, _)| count != sent) {
            newest = Some((sent, minutes));
        }
        // A link is valid for an hour.
        without += usize::from(newest.is_some_and(|(_, then)| minutes - then > 12));
        world.advance(5 * Duration::from_mins(1));
    }
    let sent = links_to(&world, OWNER).await.len();
    assert!((24..40).contains(&sent), "{sent}");
    assert_eq!(without, 0, "there were times without a link that is good");
}

#[tokio::test]
async fn a_hundred_requests_in_one_moment_send_few_links() {
    let world = World::new().await;
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..100 {
        let mut browser = stranger(&world, number);
        asked.spawn(async move { reset(&mut browser, OWNER).await.status });
    }
    assert_eq!(asked.join_all().await, [303; 100]);
    assert_eq!(links_to(&world, OWNER).await.len(), 5);
}

#[tokio::test]
async fn an_address_that_had_enough_answers_as_one_that_nobody_has() {
    let world = World::new().await;
    let mut answers = Vec::new();
    for email in [OWNER, "none@test.com"] {
        for number in 0..9 {
            let answer = reset(&mut stranger(&world, number), email).await;
            let page = stranger(&world, number).get("/reset-password").await;
            answers.push((answer.status, answer.location().to_owned(), page.status));
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_verification_e_mail_is_sent_again_a_few_times_and_says_the_same_after_that() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(register(&mut browser, "new@test.com").await.status, 303);
    let mut answers = Vec::new();
    for _ in 0..24 {
        for _ in 0..9 {
            answers.push(shown(&browser.post("/api/resend-verification", "").await));
        }
        world.advance(HOUR);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 303), "one differs");
    let sent = links_to(&world, "new@test.com").await;
    assert!((24..40).contains(&sent.len()), "{}", sent.len());
    browser.get(&format!("/{}", sent.last().unwrap())).await;
    browser.post("/api/verify-email", "").await;
    assert!(browser.get("/email-verification").await.body.contains("Success!"), "the first link is not good");
}

/// An attacker registers many times, and with each account requests an address that belongs to another person.
#[tokio::test]
async fn an_address_is_sent_few_links_by_accounts_that_want_it_and_its_person_none_too_few() {
    let world = World::new().await;
    let mut eves = Vec::new();
    for number in 0..50 {
        let mut browser = stranger(&world, 1);
        assert_eq!(register(&mut browser, &format!("eve{number}@test.com")).await.status, 303);
        eves.push(browser);
    }
    let victim = "victim@test.com";
    let mut statuses = Vec::new();
    for eve in &mut eves {
        statuses.push(change_to(eve, victim).await.status);
    }
    let sent = links_to(&world, victim).await.len();
    assert!(statuses.contains(&429), "{statuses:?}");
    // One e-mail is reserved for an account that has not asked for any yet. All accounts of one network share it.
    assert_eq!(sent, 6);
    let mut owner = world.signed_in().await;
    assert_eq!(change_to(&mut owner, victim).await.status, 303);
    assert_eq!(links_to(&world, victim).await.len(), 7);

    // The limit also holds for many networks.
    for (number, eve) in (0..).zip(&mut eves) {
        eve.peer = Ipv4Addr::new(198, 51, 101, number).into();
        change_to(eve, victim).await;
    }
    assert_eq!(links_to(&world, victim).await.len(), 10);
    let mut tries = 0;
    for _ in 0..24 {
        world.advance(HOUR);
        for (number, eve) in eves[..20].iter_mut().enumerate() {
            tries += 1;
            eve.sign_in(&format!("eve{number}@test.com"), "password1").await;
            // Changes the address back as well, because the same address is not sent a second link.
            if change_to(eve, victim).await.status == 303 {
                change_to(eve, &format!("{tries}@test.com")).await;
            }
        }
    }
    let sent = links_to(&world, victim).await.len();
    assert!((24..45).contains(&sent), "{sent}");
}

#[tokio::test]
async fn fifty_accounts_in_one_moment_have_an_address_sent_few_links() {
    let world = World::new().await;
    let mut eves = Vec::new();
    for number in 0..50 {
        let mut browser = stranger(&world, number);
        assert_eq!(register(&mut browser, &format!("eve{number}@test.com")).await.status, 303);
        eves.push(browser);
    }
    let mut asked = tokio::task::JoinSet::new();
    for mut browser in eves {
        asked.spawn(async move { change_to(&mut browser, "victim@test.com").await.status });
    }
    asked.join_all().await;
    let sent = links_to(&world, "victim@test.com").await.len();
    assert!((1..=10).contains(&sent), "{sent}");
}

#[tokio::test]
async fn strangers_who_want_a_taken_address_use_up_none_of_its_e_mails() {
    let world = World::new().await;
    let mut owner = stranger(&world, 100);
    assert_eq!(register(&mut owner, "owner@test.com").await.status, 303);
    for number in 0..8 {
        let mut eve = stranger(&world, number);
        assert_eq!(register(&mut eve, &format!("eve{number}@test.com")).await.status, 303);
        change_to(&mut eve, "owner@test.com").await;
    }
    let before = links_to(&world, "owner@test.com").await.len();
    for _ in 0..3 {
        assert_eq!(owner.post("/api/resend-verification", "").await.status, 303);
    }
    assert_eq!(links_to(&world, "owner@test.com").await.len(), before + 3);
}

#[tokio::test]
async fn a_new_address_can_always_be_withdrawn_and_one_that_nobody_has_verified_is_counted() {
    let world = World::new().await;
    for number in 0..20 {
        let mut owner = world.signed_in().await;
        let changed = change_to(&mut owner, &format!("typo{number}@test.com")).await;
        world.advance(Duration::from_mins(2));
        let back = change_to(&mut owner, OWNER).await;
        assert_eq!([changed.status, back.status], [303, 303], "{number}");
        assert_eq!(back.location(), "/account", "{number}");
        world.advance(Duration::from_mins(2));
    }
    // A person who has registered with another person's address cannot return to it again and again.
    let mut eve = stranger(&world, 50);
    register(&mut eve, "victim@test.com").await;
    for number in 0..20 {
        eve.sign_in("victim@test.com", "password1").await;
        change_to(&mut eve, &format!("other{number}@test.com")).await;
        world.advance(Duration::from_mins(2));
        change_to(&mut eve, "victim@test.com").await;
        world.advance(Duration::from_mins(2));
    }
    let sent = links_to(&world, "victim@test.com").await.len();
    // The first one after the registration, five immediately, and those that the limit frees in eighty minutes.
    assert!((7..=12).contains(&sent), "{sent}");
}

#[tokio::test]
async fn an_address_that_is_registered_again_and_again_is_sent_few_e_mails() {
    let world = World::new().await;
    let mut created = 0;
    for number in 0..12 {
        let mut browser = stranger(&world, number);
        if register(&mut browser, "victim@test.com").await.status == 303 {
            created += 1;
            assert_eq!(browser.post("/api/delete-account", "").await.status, 303);
        }
    }
    assert_eq!(created, 5);
    // A person who registers with a taken address learns that it is taken, and no e-mail is sent.
    for number in 0..12 {
        let answer = register(&mut stranger(&world, 100 + number), OWNER).await;
        assert_eq!(answer.status, 303);
    }
    assert!(links_to(&world, OWNER).await.is_empty());
}

#[tokio::test]
async fn the_e_mails_of_everybody_together_are_bounded_and_sign_ins_are_not() {
    let world = World::with(&[("RATE_LIMIT_MAILS", "20/1h")]).await;
    let mut at_home = world.signed_in().await;
    at_home.post("/api/sign-out", "").await;
    let mut statuses = Vec::new();
    for number in 0..60 {
        let mut browser = stranger(&world, number);
        let answer = match number % 2 {
            0 => register(&mut browser, &format!("new{number}@test.com")).await,
            _ => reset(&mut browser, &format!("none{number}@test.com")).await,
        };
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 180);
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..20], [303; 20]);
    assert!(statuses[20..].iter().all(|status| *status == 429), "{statuses:?}");
    // A person who has signed in here before gets a link, and signing in with a password needs none.
    assert_eq!(reset(&mut at_home, OWNER).await.status, 303);
    assert_eq!(links_to(&world, OWNER).await.len(), 1);
    assert_eq!(stranger(&world, 99).sign_in("admin@test.com", "password1").await.location(), "/");
    world.advance(HOUR);
    assert_eq!(register(&mut stranger(&world, 100), "late@test.com").await.status, 303);
}

/// A few machines request links for unknown people, as fast as the limits allow.
#[tokio::test]
async fn strangers_who_use_up_the_e_mails_of_everybody_keep_out_nobody_elsewhere() {
    crate::log::keep();
    let world = World::with(&[("RATE_LIMIT_MAILS", "200/1h"), ("RATE_LIMIT_ADDRESS", "10000/15m")]).await;
    let mut names = 0;
    let mut flood = async |tries: usize| {
        let mut free = 0;
        for _ in 0..tries {
            names += 1;
            let mut poller = stranger(&world, names % 4);
            free += usize::from(reset(&mut poller, &format!("none{names}@test.com")).await.status == 303);
        }
        free
    };
    let free = flood(250).await;
    assert!((100..110).contains(&free), "{free}");
    for number in 0..8 {
        flood(10).await;
        let mut elsewhere = stranger(&world, 100 + number);
        assert_eq!(reset(&mut elsewhere, OWNER).await.status, 303, "{number}");
        let mut new = stranger(&world, 200 + number);
        assert_eq!(register(&mut new, &format!("new{number}@test.com")).await.status, 303, "{number}");
        world.advance(Duration::from_secs(4));
    }
    let errors = crate::log::of_this_test().matches("RATE_LIMIT_MAILS").count();
    assert_eq!(errors, 1, "of one minute");
}

#[tokio::test]
async fn whoever_has_a_network_of_ipv6_has_the_tries_of_one_address() {
    let world = World::with(&[("RATE_LIMIT_ADDRESS", "20/20m")]).await;
    let from = |network: [u16; 4]| {
        let [a, b, c, d] = network;
        let mut browser = world.browser();
        browser.peer = Ipv6Addr::new(a, b, c, d, 0, 0, 0, 1).into();
        browser
    };
    let mut free = [0; 4];
    for number in 0..60 {
        let email = format!("{number}@test.com");
        for (free, network) in free.iter_mut().zip([
            // One /64, one /56, one /48, and unrelated networks.
            [0x2001, 0xdb8, 1, 1],
            [0x2001, 0xdb8, 2, number],
            [0x2001, 0xdb8, 3, number << 8],
            [0x2001, 0xdb8, 100 + number, 1],
        ]) {
            *free += usize::from(from(network).sign_in(&email, "password1").await.status == 303);
        }
    }
    assert_eq!(free, [7, 14, 20, 60]);
    // A neighbour of the first two networks still has attempts left.
    for network in [[0x2001, 0xdb8, 1, 2], [0x2001, 0xdb8, 2, 0x100]] {
        assert_eq!(from(network).sign_in(OWNER, "password1").await.location(), "/");
    }
    let mut created = 0;
    for number in 0..60 {
        let mut browser = from([0x2001, 0xdb8, 4, number << 8]);
        created += usize::from(register(&mut browser, &format!("new{number}@test.com")).await.status == 303);
    }
    assert_eq!(created, 20);
}
