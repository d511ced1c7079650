//! Every route while a clock is a day ahead, and after it has been corrected. No process is restarted.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::browser::{Browser, exchange};
use crate::figures::{self, Figures, conclude};
use crate::forms::{Form, Needs};
use crate::guesser::Guesser;
use crate::machine::{Kind, Whose};
use crate::others::Others;
use crate::pause;
use crate::survey::survey;
use crate::trial::{Errand, Trial, act_all, every_errand, judge_all, prepare_all};
use crate::truth::{COME_BACK_AFTER, UNTIL_ALL_IS_WELL, until_served};
use crate::world::{Life, NEW_PASSWORD, OLD_PASSWORD, Person, Store, World, sign_in_form};

const DAY: Duration = Duration::from_hours(24);

/// An end that could not be stored at once is tried again twice a minute.
const STORE_HAS_TIME: Duration = Duration::from_secs(75);

/// The messages of a page about an invalid link.
const LINK_REFUSED: [&str; 2] = ["Invalid token", "Auto login failed"];

/// Forms that need a recent sign-in. By a clock that is ahead, no sign-in is recent.
const FOR_THE_RECENT: [&str; 13] = [
    "/api/set-password",
    "/api/update-account",
    "/api/delete-account",
    "/api/end-session",
    "/api/end-other-sessions",
    "/api/end-all-sessions",
    "/api/begin-second-factor",
    "/api/enable-second-factor",
    "/api/replace-recovery-codes",
    "/api/disable-second-factor",
    "/api/set-role",
    "/api/resend-verification-of",
    "/api/delete-person",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_while_a_clock_is_ahead_and_after() {
    every_route_meets_a_wrong_clock("a clock that is a day ahead, valid access tokens", Life::Long).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_by_a_wrong_clock_loses_nobody() {
    every_route_meets_a_wrong_clock("a clock that is a day ahead, expired access tokens", Life::Short).await;
}

async fn every_route_meets_a_wrong_clock(name: &str, life: Life) {
    let begun = Instant::now();
    let by_clock = Whose::ALL.map(|whose| tokio::spawn(wrong(whose, life)));
    conclude(name, begun, figures::in_order(Whose::ALL.map(Whose::words), by_clock).await);
}

async fn wrong(whose: Whose, life: Life) -> Figures {
    let world = World::start_on(Kind::OwnClock, life, Store::Folder).await;
    let mut figures = Figures { faults: 1, ..Figures::default() };
    let mut witness = world.signed_in().await;
    let mut guesser = Guesser::prepare(&world).await;
    // Prepared before the clock is ahead, and done while it is.
    let before = prepare_all(&world, errands_before(), "a clock that went ahead").await;
    let mut left_open = LeftOpen::prepare(&world).await;
    world.tokens_end().await;
    set_ahead(&world, whose, DAY).await;
    let (before, ()) = tokio::join!(act_recently(before), guesser.guess(&mut figures));
    for page in &mut left_open {
        page.press(&mut figures).await;
    }
    // Prepared and done while the clock is ahead.
    let during = prepare_all(&world, every_errand(), "a clock that is ahead").await;
    let after = prepare_all(&world, every_errand(), "a clock that went back").await;
    world.tokens_end().await;
    let during = act_recently(during).await;
    // Prepared while the clock is ahead, and done after its correction.
    set_ahead(&world, whose, Duration::ZERO).await;
    assert_eq!(until_served(&mut witness.browser).await.status, 200);
    guesser.is_let_in(&mut figures).await;
    for page in &mut left_open {
        page.open_again(&world, &mut figures).await;
    }
    let after = act_recently(after).await;

    let people: Vec<_> =
        [&before, &during, &after].into_iter().flatten().map(|trial| trial.person.clone()).collect();
    let mut has_set = false;
    for trials in [before, during, after] {
        let others = Others::of(&trials);
        has_set |= others.is_somebody();
        figures.add(judge_all(&world, trials).await);
        others.are_over(&mut figures).await;
    }
    assert!(has_set, "nobody has set a password");
    let mut coming = JoinSet::new();
    for person in people {
        let world = Arc::clone(&world);
        coming.spawn(async move { comes_and_goes(&world, &person).await });
    }
    for found in coming.join_all().await {
        figures.requests += 1;
        figures.wrong.extend(found.err());
    }
    figures
}

/// Without the forms of e-mailed links. Their pages stay open for longer than the link is valid, which [`LeftOpen`]
/// tests.
fn errands_before() -> impl Iterator<Item = Errand> {
    every_errand().filter(|errand| !matches!(errand, Errand::Form(form) if is_for_a_link(form)))
}

fn is_for_a_link(form: &Form) -> bool {
    matches!(form.needs, Needs::ResetLink | Needs::VerificationLink | Needs::RestorationLink)
}

/// The page of an e-mailed link, opened before the clock was ahead. Its button is pressed afterwards.
struct LeftOpen {
    form: &'static Form,
    person: Person,
    is_done: bool,
}

impl LeftOpen {
    async fn prepare(world: &World) -> Vec<Self> {
        let mut pages = Vec::new();
        for form in survey().forms.iter().filter(|form| is_for_a_link(form)) {
            pages.push(Self { form, person: form.sender(world).await, is_done: false });
        }
        pages
    }

    /// Presses the button. By the clock, the page was open for a day. If the link has expired, the page must say so.
    async fn press(&mut self, figures: &mut Figures) {
        let said = self.send(figures).await;
        if !self.is_done && !LINK_REFUSED.iter().any(|refused| said.contains(refused)) {
            figures
                .wrong
                .push(format!("{}, left open: the page does not say what is the matter", self.form.path));
        }
    }

    /// Opens the e-mail's link again after the clock's correction. It must work, because the refusal has not used it
    /// up.
    async fn open_again(&mut self, world: &World, figures: &mut Figures) {
        if self.is_done {
            return;
        }
        let link = world.upstream.link(&self.person.email, self.form.page).await;
        self.person.browser.get(&link).await;
        self.send(figures).await;
        if !self.is_done {
            figures.wrong.push(format!("{}, opened again: the link is used up", self.form.path));
        }
    }

    async fn send(&mut self, figures: &mut Figures) -> String {
        let fields = self.form.fields(&self.person);
        let browser = &mut self.person.browser;
        let answer = browser.post(self.form.path, &fields).await;
        figures.requests += 1;
        let page = browser.get(&answer.location).await;
        self.is_done = self.form.says.iter().any(|says| page.body.contains(says));
        page.body
    }
}

async fn set_ahead(world: &World, whose: Whose, by: Duration) {
    let doors = [world.upstream.address, world.application_address()];
    let before = [date(doors[0]).await, date(doors[1]).await];
    for machine in whose.of(&world.machines) {
        machine.set_ahead(by);
    }
    let moved = [whose != Whose::Application, whose != Whose::CoreApi];
    for ((door, before), moved) in doors.into_iter().zip(before).zip(moved) {
        if moved && by > Duration::ZERO {
            assert_ne!(date(door).await, before, "its clock does not follow");
        }
    }
}

/// The date at this address, from the answer's header.
async fn date(of: SocketAddr) -> String {
    let request = format!("GET /nowhere HTTP/1.1\r\nHost: {of}\r\nConnection: close\r\n\r\n");
    let (head, _) = exchange(Ipv4Addr::LOCALHOST, of, &request).await.unwrap();
    let date = head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    date.rsplit_once(' ').and_then(|(date, _)| date.rsplit_once(' ')).unwrap().0.to_owned()
}

/// Confirms the password first, for the forms that need a recent sign-in.
async fn act_recently(mut trials: Vec<Trial>) -> Vec<Trial> {
    let mut confirming = JoinSet::new();
    for mut trial in trials.drain(..) {
        confirming.spawn(async move {
            if matches!(trial.errand, Errand::Form(form) if FOR_THE_RECENT.contains(&form.path)) {
                let form = format!("password={OLD_PASSWORD}&return_to=/account");
                let answer = trial.person.browser.post("/api/confirm-password", &form).await;
                if (answer.status, &answer.location[..]) != (303, "/account") {
                    trial.wrong("/api/confirm-password", &answer, "the right password is not taken");
                }
            }
            trial
        });
    }
    act_all(confirming.join_all().await).await
}

/// If the account still exists, signs in again and out again. Both must work.
async fn comes_and_goes(world: &World, person: &Person) -> Result<(), String> {
    let mut browser = person.browser.stranger();
    let begun = Instant::now();
    // Many come at once: a machine that is too busy says so, and serves them later.
    while !signs_in(world, person, &mut browser).await {
        let gone = world.upstream.sign_in(&person.email, OLD_PASSWORD).await.is_none()
            && world.upstream.sign_in(&person.email, NEW_PASSWORD).await.is_none();
        if gone {
            return Ok(());
        }
        if begun.elapsed() > UNTIL_ALL_IS_WELL {
            return Err(format!("{} cannot sign in", person.email));
        }
        pause(COME_BACK_AFTER).await;
    }
    let mut copy = browser.clone();
    let page = until_served(&mut browser).await;
    if page.status != 200 || !page.body.contains(&person.email) {
        return Err(format!("{} signed in, and is not: {} {}", person.email, page.status, page.location));
    }
    browser.post("/api/sign-out", "").await;
    let mut page = copy.get("/account").await;
    let begun = Instant::now();
    // A store that is too busy to be written or read now is so later. What a clock has spoiled stays so.
    while page.status != 303 && begun.elapsed() < STORE_HAS_TIME {
        pause(Duration::from_secs(1)).await;
        page = copy.get("/account").await;
    }
    if page.status != 303 || !page.location.starts_with("/login") {
        return Err(format!("a sign-out of {} is lost: {} {}", person.email, page.status, page.location));
    }
    Ok(())
}

/// Whether one of the two passwords has signed the person in.
async fn signs_in(world: &World, person: &Person, browser: &mut Browser) -> bool {
    for password in [OLD_PASSWORD, NEW_PASSWORD] {
        let _turn = world.hashes.acquire().await.unwrap();
        browser.post("/api/sign-in", &sign_in_form(&person.email, password)).await;
        if browser.has_session() {
            return true;
        }
    }
    false
}
