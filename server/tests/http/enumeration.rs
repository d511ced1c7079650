//! Whether an attacker can find out who has an account.

use std::time::{Duration, Instant};

use ironleaf_core_api::{CoreApi, PasswordCost};

use crate::browser::{Answer, Browser};
use crate::world::World;

const KNOWN: &str = "user@test.com";
const UNKNOWN: &str = "none@test.com";

/// High enough for hundreds of attempts. All other settings are the defaults.
const MANY: [(&str, &str); 5] = [
    ("RATE_LIMIT_STRICT", "1000/15m"),
    ("RATE_LIMIT_ACCOUNT", "1000/1h"),
    ("RATE_LIMIT_ADDRESS", "9000/15m"),
    ("RATE_LIMIT_RECIPIENT", "1000/5h"),
    ("RATE_LIMIT_MAILS", "9000/1h"),
];

/// The parts of an answer that could differ between people. The addresses have the same length.
fn comparable(answer: &Answer, email: &str) -> String {
    let names = answer.headers.keys().map(http::HeaderName::as_str).filter(|name| *name != "x-request-id");
    let cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let cookies: Vec<_> = cookies.map(|cookie| (cookie.split('=').next(), cookie.len())).collect();
    let body = answer.body.replace(email, "the address");
    format!("{} {} {:?} {cookies:?} {body}", answer.status, answer.location(), names.collect::<Vec<_>>())
}

async fn ask(browser: &mut Browser, path: &str, email: &str) -> Answer {
    browser.post(path, &format!("email={email}&password=wrong-password")).await
}

#[tokio::test]
async fn a_sign_in_and_a_reset_ask_and_answer_the_same_whether_there_is_an_account_or_not() {
    let world = World::new().await;
    for path in ["/api/sign-in", "/api/request-password-reset", "/api/request-sign-in-link"] {
        let mut seen = Vec::new();
        for email in [KNOWN, UNKNOWN] {
            for accept in ["text/html", "application/json"] {
                let mut browser = world.browser();
                browser.headers.insert("accept", accept.to_owned());
                world.network.take_calls();
                let answer = ask(&mut browser, path, email).await;
                let calls = world.network.take_calls();
                assert_eq!(calls.len(), 1, "{path}: {calls:?}");
                seen.push((accept, comparable(&answer, email), calls));
            }
        }
        let unknown = seen.split_off(2);
        assert_eq!(seen, unknown, "{path}");
    }
}

#[tokio::test]
async fn a_registration_asks_the_core_api_once_before_it_says_that_an_address_is_taken() {
    let world = World::new().await;
    let form = format!("email={KNOWN}&password=password1&confirm_password=password1");
    world.network.take_calls();
    world.browser().post("/api/register", &form).await;
    assert_eq!(world.network.take_calls(), ["POST /v1/user/users"]);
}

/// The median of 200 attempts with each address. The two alternate, so that other load affects both alike. Each follows
/// each equally often, because sending an e-mail slows down the next request.
async fn medians(browser: &Browser, path: &str) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..100 {
        for which in [0, 1, 1, 0] {
            let mut browser = browser.clone();
            let begun = Instant::now();
            assert_eq!(ask(&mut browser, path, [KNOWN, UNKNOWN][which]).await.status, 303);
            times[which].push(begun.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

/// The tolerance is coarse, because the machine is busy during tests. Without a hash, the answer would be several times
/// as fast. `docs/security.md` has the output of a run on an idle machine.
#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_known_one() {
    let world = World::with(&MANY).await;
    // With this cost, hashing the password takes most of the time.
    let password_cost = PasswordCost { memory_kib: 1024, passes: 2, lanes: 1 };
    let core_api =
        CoreApi::open(ironleaf_core_api::Config { password_cost, ..ironleaf_core_api::Config::in_memory() });
    world.network.lead_to(core_api.await.unwrap().router());
    for path in ["/api/sign-in", "/api/request-password-reset", "/api/request-sign-in-link"] {
        let [known, unknown] = medians(&world.browser(), path).await.map(|median| median.as_secs_f64());
        println!(
            "{path}: {:.2} ms for a known address, {:.2} ms for an unknown one",
            known * 1e3,
            unknown * 1e3
        );
        let ratio = known.max(unknown) / known.min(unknown);
        assert!(ratio < 2.0, "{path}: {known} s and {unknown} s");
    }
}
