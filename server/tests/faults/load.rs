//! Many people at the same time, while random faults meet requests to the core API and answers of Redis.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::browser::Answer;
use crate::dice::Dice;
use crate::figures::{Figures, conclude};
use crate::forms::{FORMS, Form};
use crate::pause;
use crate::trial::{Errand, FORM_LIMIT, Trial};
use crate::world::{Life, NEW_PASSWORD, OLD_PASSWORD, Store, World, sign_in_form};

const PEOPLE: usize = 24;
const HOW_LONG: Duration = Duration::from_secs(15);

/// The longest pause between two actions of a person.
const THINKING_MS: usize = 400;

/// What everybody does besides opening pages. Nothing is done more often than the rate limits allow.
const IN_BETWEEN: [&str; 3] = ["/api/set-theme", "/api/resend-verification", "/api/request-password-reset"];

/// `FAULTS_SEED=.. cargo test -p server --test faults` draws the same numbers again. The machine's timing decides which
/// request gets which number.
fn seed() -> u64 {
    let chosen = std::env::var_os("FAULTS_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    chosen.unwrap_or_else(|| RandomState::new().hash_one(PEOPLE))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_load_with_random_faults_loses_nobody() {
    let (begun, seed) = (Instant::now(), seed());
    let _ = writeln!(std::io::stderr(), "\nFAULTS_SEED={seed}");
    let world = World::start(Life::Short, Store::Redis).await;
    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        let world = Arc::clone(&world);
        people.spawn(async move { Trial::prepare(&world, Errand::Account, "a mixed load").await });
    }
    let people = people.join_all().await;
    let store = world.store_wire.as_ref().unwrap();
    world.wire.change_weather(Some(Dice::new(seed)));
    store.change_weather(Some(Dice::new(seed.wrapping_add(1))));
    let end = Instant::now() + HOW_LONG;
    let mut lives = JoinSet::new();
    for (number, person) in people.into_iter().enumerate() {
        let dice = Dice::new(seed.wrapping_add(100 + number as u64));
        lives.spawn(live(person, number, dice, end));
    }
    let people = lives.join_all().await;
    world.wire.change_weather(None);
    store.change_weather(None);
    world.wire.all_settled().await;
    let mut figures = Figures::default();
    for mut person in people {
        if person.person.browser.has_session() {
            person.session_is_there().await;
        }
        if !one_password_works(&world, &person).await {
            person.figures.wrong.push(format!("{}: not exactly one password works", person.person.email));
        }
        figures.add(person.figures);
    }
    let (of_core_api, of_store) = (world.wire.met(), store.heal());
    figures.faults = of_core_api + of_store;
    let words = format!("{PEOPLE} people, {of_core_api} and {of_store} faults");
    conclude("mixed load, core API and Redis", begun, [(&words[..], figures)]);
}

async fn live(mut person: Trial, number: usize, mut dice: Dice, end: Instant) -> Trial {
    let mut has_changed = false;
    // People who sign in repeatedly do not change their password, because a change that arrives late ends later
    // sign-ins.
    let signs_in_anew = number.is_multiple_of(2);
    while Instant::now() < end {
        let thinking = dice.roll(THINKING_MS);
        pause(Duration::from_millis(thinking as u64)).await;
        if !person.person.browser.has_session() {
            let form = sign_in_form(&person.person.email, OLD_PASSWORD);
            send(&mut person, "/api/sign-in", &form).await;
            continue;
        }
        match dice.roll(12) {
            0 if signs_in_anew => send(&mut person, "/api/sign-out", "").await,
            1 if signs_in_anew => {
                let form = format!("password={OLD_PASSWORD}&return_to=/account");
                send(&mut person, "/api/confirm-password", &form).await;
            }
            0 | 1 if !has_changed => {
                has_changed = true;
                let form = format!("password={NEW_PASSWORD}&confirm_password={NEW_PASSWORD}");
                send(&mut person, "/api/set-password", &form).await;
            }
            2 => {
                let path = dice.one_of(&IN_BETWEEN);
                let form = FORMS.iter().find(|form| form.path == path).unwrap();
                let fields = form.fields(&person.person);
                send(&mut person, path, &fields).await;
            }
            3 => person.open("/").await,
            4 => person.open("/register").await,
            _ => person.open("/account").await,
        }
    }
    person
}

async fn send(person: &mut Trial, path: &str, fields: &str) {
    let answer = person.person.browser.post(path, fields).await;
    person.figures.requests += 1;
    person.figures.slowest_form = person.figures.slowest_form.max(answer.took);
    let form = FORMS.iter().find(|form| form.path == path).unwrap();
    if !is_right(form, &answer) || answer.took > FORM_LIMIT {
        person.wrong(path, &answer, "is no right answer in time");
    }
}

fn is_right(form: &Form, answer: &Answer) -> bool {
    match answer.status {
        429 | 503 => answer.says_when,
        _ => form.is_answered_by(answer),
    }
}

async fn one_password_works(world: &World, person: &Trial) -> bool {
    let email = &person.person.email;
    let old = world.upstream.sign_in(email, OLD_PASSWORD).await.is_some();
    let new = world.upstream.sign_in(email, NEW_PASSWORD).await.is_some();
    old != new
}
