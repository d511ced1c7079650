//! Limits on attempts, at the public surface.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::browser::{Answer, Browser};
use crate::network::Outcome;
use crate::world::World;

const FEW: [(&str, &str); 3] =
    [("RATE_LIMIT_STRICT", "3/16m"), ("RATE_LIMIT_ACCOUNT", "6/2h"), ("RATE_LIMIT_ADDRESS", "20/20m")];

/// A browser with its own address.
fn from(world: &World, last: u8) -> Browser {
    let mut browser = world.browser();
    browser.peer = Ipv4Addr::new(203, 0, 113, last).into();
    browser
}

async fn guess(browser: &mut Browser) -> Answer {
    browser.sign_in("user@test.com", "wrong-password").await
}

#[tokio::test]
async fn after_a_few_wrong_passwords_a_browser_sees_a_page_that_says_when_to_come_back() {
    let world = World::with(&FEW).await;
    let mut browser = world.browser();
    for _ in 0..3 {
        assert_eq!(guess(&mut browser).await.status, 303);
    }
    let asked = world.stats().sign_ins;
    let form = "email=user@test.com&password=password1&return_to=/account";
    let page = browser.post("/api/sign-in", form).await;
    assert_eq!((page.status, page.header("retry-after"), page.location()), (429, "20", ""));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("Too many attempts") && page.body.contains("in 20 seconds"), "{}", page.body);
    assert!(page.body.contains(r#"href="/login?return_to=/account""#), "{}", page.body);
    assert!(!page.body.contains("password1"));
    assert_eq!(world.stats().sign_ins, asked, "the core API was asked");

    let form = browser.get("/login?return_to=/account").await.body;
    assert!(form.contains(r#"value="user@test.com""#) && !form.contains("Too many"), "{form}");
    world.advance(Duration::from_secs(20));
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn a_script_gets_429_as_json() {
    let world = World::with(&FEW).await;
    let mut script = world.browser();
    script.headers.insert("accept", "application/json".to_owned());
    for _ in 0..3 {
        assert_eq!(guess(&mut script).await.status, 401);
    }
    let answer = guess(&mut script).await;
    assert_eq!((answer.status, answer.header("retry-after"), answer.location()), (429, "20", ""));
    let expected = r#"{"code":"too_many_requests","message":"Too many attempts. Please try again in 20 seconds.","fields":{}}"#;
    assert_eq!(answer.body, expected);
    script.headers.insert("accept", "*/*".to_owned());
    let answer = guess(&mut script).await;
    assert_eq!((answer.status, answer.header("content-type")), (429, "text/plain; charset=utf-8"));
}

#[tokio::test]
async fn a_stranger_who_guesses_does_not_keep_the_person_out() {
    let world = World::with(&FEW).await;
    // A person who has signed in here before, and signed out again.
    let mut person = from(&world, 1);
    assert_eq!(person.sign_in("user@test.com", "password1").await.status, 303);
    assert_eq!(person.post("/api/sign-out", "").await.status, 303);
    let mut refused = 0;
    for last in 1..40 {
        refused += usize::from(guess(&mut from(&world, last)).await.status == 429);
    }
    assert!(refused > 30, "{refused}");
    // The person is not kept out from another address either.
    person.peer = Ipv4Addr::new(203, 0, 113, 200).into();
    assert_eq!(guess(&mut person).await.status, 303);
    assert_eq!(person.sign_in("user@test.com", "password1").await.location(), "/");
    let mut elsewhere = from(&world, 201);
    assert_eq!(elsewhere.sign_in("user@test.com", "password1").await.status, 429);
    assert_eq!(elsewhere.sign_in("admin@test.com", "password1").await.location(), "/", "another account");
}

#[tokio::test]
async fn the_proof_of_an_earlier_sign_in_is_no_password_and_cannot_be_made() {
    let world = World::with(&FEW).await;
    let mut browser = world.signed_in().await;
    let proof = browser.cookies["ironleaf-device"].clone();
    let answer = guess(&mut browser).await;
    let removed = answer.set_cookies("ironleaf-device");
    assert!(removed.is_empty(), "a failure changes it: {removed:?}");
    let mut thief = from(&world, 9);
    thief.cookies.insert("ironleaf-device".to_owned(), proof.clone());
    assert_eq!(thief.get("/account").await.location(), "/login?return_to=/account");
    // The thief shares three attempts with the browser that the proof was copied from.
    assert_eq!([guess(&mut thief).await.status, guess(&mut thief).await.status], [303, 303]);
    assert_eq!(guess(&mut thief).await.status, 429);
    let forged = format!("{}A", &proof[..proof.len() - 1]);
    for _ in 0..3 {
        thief.cookies.insert("ironleaf-device".to_owned(), forged.clone());
        guess(&mut thief).await;
    }
    thief.cookies.insert("ironleaf-device".to_owned(), forged);
    assert_eq!(guess(&mut thief).await.status, 429);
}

#[tokio::test]
async fn one_address_cannot_try_one_password_on_everybody() {
    let world = World::with(&FEW).await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let answer = from(&world, 1).sign_in(&format!("{number}@test.com"), "password1").await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..20], [303; 20]);
    assert!(statuses[20..].iter().all(|status| *status == 429), "{statuses:?}");
    assert_eq!(from(&world, 2).sign_in("user@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn right_passwords_are_not_limited() {
    let world = World::with(&FEW).await;
    for _ in 0..30 {
        assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/");
    }
}

#[tokio::test]
async fn replicas_count_together() {
    let world = World::with(&FEW).await;
    let mut browser = world.browser();
    let other = world.replica(&FEW).await;
    assert_eq!([guess(&mut browser).await.status, guess(&mut browser).await.status], [303, 303]);
    browser.turn_to(other);
    assert_eq!([guess(&mut browser).await.status, guess(&mut browser).await.status], [303, 429]);
    browser.turn_to(world.router.clone());
    assert_eq!(guess(&mut browser).await.status, 429);
}

#[tokio::test]
async fn a_spoofed_address_is_no_new_address() {
    let world = World::with(&FEW).await;
    let mut browser = world.browser();
    let mut statuses = Vec::new();
    for number in 0..4 {
        browser.headers.insert("x-forwarded-for", format!("198.51.100.{number}"));
        statuses.push(guess(&mut browser).await.status);
    }
    assert_eq!(statuses, [303, 303, 303, 429]);
}

#[tokio::test]
async fn e_mails_to_an_address_are_few_whether_anybody_has_it_or_not() {
    let world = World::with(&FEW).await;
    for address in ["user@test.com", "nobody@test.com"] {
        let mut browser = world.browser();
        let form = format!("email={address}");
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(browser.post("/api/request-password-reset", &form).await.status);
        }
        assert_eq!(statuses, [303, 303, 303, 429], "{address}");
        let page = browser.get("/reset-password").await.body;
        assert!(page.contains(&format!(r#"value="{address}""#)), "{page}");
    }
    // The e-mails keep nobody from signing in.
    assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn registrations_are_few_for_one_address_of_either_kind() {
    let world = World::with(&FEW).await;
    let form = |email: &str| format!("email={email}&password=password1&confirm_password=password1");
    let mut statuses = Vec::new();
    for number in 0..22 {
        let mut browser = from(&world, 1);
        statuses.push(browser.post("/api/register", &form(&format!("new{number}@test.com"))).await.status);
    }
    assert!(statuses[..20].iter().all(|status| *status == 303), "{statuses:?}");
    assert_eq!(statuses[20..], [429, 429]);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(from(&world, 2).post("/api/register", &form("user@test.com")).await.status);
    }
    assert_eq!(statuses, [303, 303, 303, 429]);
}

#[tokio::test]
async fn a_password_is_confirmed_changed_and_verified_a_few_times_only() {
    let world = World::with(&FEW).await;
    for (path, form) in [
        ("/api/confirm-password", "password=wrong-password"),
        ("/api/update-account", "email=user@test.com&password=&confirm_password="),
        ("/api/set-password", "password=password1&confirm_password=password1"),
        ("/api/resend-verification", ""),
    ] {
        let mut browser = world.signed_in().await;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            // Each round has a new session of the same account.
            statuses.push(browser.post(path, form).await.status);
        }
        assert_eq!(statuses, [303, 303, 303, 429], "{path}");
        world.advance(Duration::from_mins(16));
    }
}

#[tokio::test]
async fn a_link_is_tried_a_few_times_only() {
    let world = World::with(&FEW).await;
    let mut browser = world.browser();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        browser.get("/login?email=user@test.com&token=wrong").await;
        statuses.push(browser.post("/api/sign-in-with-token", "").await.status);
    }
    assert_eq!(statuses, [303, 303, 303, 429]);
    // A password does not count as one of these attempts.
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn guesses_at_one_account_count_together_however_its_address_is_written() {
    let world = World::with(&FEW).await;
    let mut browser = world.browser();
    // Each spelling once, which uses up all free failures.
    for email in ["user@ex%C3%A4mple.com", "user@xn--exmple-cua.com", "USER@exa%CC%88mple.com"] {
        assert_eq!(browser.sign_in(email, "wrong-password").await.status, 303, "{email}");
    }
    for email in ["user@ex%C3%A4mple.com", "user@xn--exmple-cua.com"] {
        assert_eq!(browser.sign_in(email, "wrong-password").await.status, 429, "{email}");
    }
    assert_eq!(browser.sign_in("user@example.com", "wrong-password").await.status, 303, "another account");
}

/// A proxy in front of the core API only sends the status.
#[tokio::test]
async fn a_429_of_the_core_api_that_does_not_say_when_to_come_back_says_so_here() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    for (path, form, asked) in [
        ("/api/sign-in", "email=user@test.com&password=password1", "/auth/tokens"),
        ("/api/register", "email=new@test.com&password=password1&confirm_password=password1", "/users"),
        ("/api/request-password-reset", "email=user@test.com", "/auth/tokens"),
        ("/api/request-sign-in-link", "email=user@test.com", "/auth/sign-in-links"),
        ("/api/resend-verification", "", "/user/users/current"),
    ] {
        world.network.fail(asked, Outcome::Answer(429, ""));
        let browser = if path.contains("resend") { &mut person } else { &mut world.browser() };
        let answer = browser.post(path, form).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "30"), "{path}");
        world.network.heal();
    }
}
