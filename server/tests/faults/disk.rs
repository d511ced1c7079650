//! Every route while a disk is full, and after it has space again. No process is restarted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::figures::{self, Figures, conclude};
use crate::forms::Needs;
use crate::guesser::Guesser;
use crate::machine::{Kind, Machine, Whose};
use crate::others::Others;
use crate::pause;
use crate::survey::survey;
use crate::trial::{Errand, act_all, every_errand, judge_all, prepare_all};
use crate::truth::until_served;
use crate::world::{Life, OLD_PASSWORD, Store, World};

/// The time for readiness checks and registrations to use up the last free pages of a log.
const UNTIL_FULL: Duration = Duration::from_mins(1);

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_while_a_disk_is_full_and_after() {
    every_route_meets_a_full_disk("a full disk, valid access tokens", Life::Long).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_meets_a_full_disk_loses_nobody() {
    every_route_meets_a_full_disk("a full disk, expired access tokens", Life::Short).await;
}

async fn every_route_meets_a_full_disk(name: &str, life: Life) {
    if !Machine::may_have_a_disk().await {
        return;
    }
    let begun = Instant::now();
    let by_disk = Whose::ALL.map(|whose| tokio::spawn(full(whose, life)));
    conclude(name, begun, figures::in_order(Whose::ALL.map(Whose::words), by_disk).await);
}

async fn full(whose: Whose, life: Life) -> Figures {
    let world = World::start_on(Kind::SmallDisk, life, Store::Folder).await;
    let mut witness = world.signed_in().await;
    let mut figures = Figures::default();
    // Twice, because damage by a full disk may show only when the disk is full again.
    for _ in 0..2 {
        let errands: Vec<_> = match life {
            Life::Long => every_errand().collect(),
            Life::Short => with_a_session().collect(),
        };
        let mut guesser = Guesser::prepare(&world).await;
        let mut trials = prepare_all(&world, errands.into_iter(), whose.words()).await;
        for trial in &mut trials {
            trial.is_unchecked = life == Life::Short;
        }
        world.tokens_end().await;
        for machine in whose.of(&world.machines) {
            machine.fill();
        }
        is_full(&world, whose).await;
        figures.faults += 1;
        let (trials, ()) = tokio::join!(act_all(trials), guesser.guess(&mut figures));
        let others = Others::of(&trials);
        for machine in whose.of(&world.machines) {
            machine.free();
        }
        readiness_is(&world, 200).await;
        // The circuit breaker is open, because the core API could not write.
        assert_eq!(until_served(&mut witness.browser).await.status, 200);
        figures.add(judge_all(&world, trials).await);
        others.are_over(&mut figures).await;
        guesser.is_let_in(&mut figures).await;
    }
    figures
}

fn with_a_session() -> impl Iterator<Item = Errand> {
    let forms = survey().forms.iter().filter(|form| form.needs == Needs::Session).map(Errand::Form);
    forms.chain([Errand::Pages, Errand::Account])
}

/// Waits until each program has noticed the full disk and says so.
async fn is_full(world: &Arc<World>, whose: Whose) {
    if whose != Whose::CoreApi {
        readiness_is(world, 503).await;
    }
    if whose != Whose::Application {
        let begun = Instant::now();
        loop {
            let somebody = world.stranger();
            let status = world.upstream.register(&somebody.email, OLD_PASSWORD).await;
            if status >= 500 {
                break;
            }
            assert!(status == 201 && begun.elapsed() < UNTIL_FULL, "{status}: it is not full");
        }
    }
}

async fn readiness_is(world: &Arc<World>, expected: u16) {
    let mut supervisor = world.stranger().browser;
    let begun = Instant::now();
    loop {
        if expected == 503 {
            // Readiness alone may be written for minutes into a log that has just begun anew.
            let mut somebody = world.stranger();
            let form = format!("email={}", somebody.email);
            somebody.browser.post("/api/request-password-reset", &form).await;
        }
        let ready = supervisor.get("/health/ready").await;
        assert_eq!(supervisor.get("/health/live").await.status, 200);
        if ready.status == expected {
            return;
        }
        assert!(
            begun.elapsed() < UNTIL_FULL,
            "readiness is {}, not {expected}: {}",
            ready.status,
            ready.body
        );
        pause(LOOK_AGAIN_AFTER).await;
    }
}
