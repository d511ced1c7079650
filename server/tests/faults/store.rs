//! Every route while the connection to Redis is disturbed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::browser::Browser;
use crate::figures::{Figures, conclude};
use crate::forms::Needs;
use crate::pause;
use crate::redis_wire::StoreFault;
use crate::survey::survey;
use crate::trial::{Errand, Trial, act_all, every_errand, judge_all, prepare_all};
use crate::world::{Life, Store, World};

/// Readiness allows the store a second. The rest is for a slow machine.
const READINESS_LIMIT: Duration = Duration::from_secs(5);

/// The time for readiness to change: only the next command replaces a broken connection, and an earlier command may
/// still be waiting.
const UNTIL_TOLD: Duration = Duration::from_secs(20);

const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_under_every_fault_of_the_store() {
    let begun = Instant::now();
    let world = World::start(Life::Long, Store::Redis).await;
    let mut by_fault = Vec::new();
    for fault in StoreFault::ALL {
        let trials = prepare_all(&world, every_errand(), fault.words()).await;
        by_fault.push((fault.words(), under(&world, fault, trials).await));
    }
    conclude("Redis, valid access tokens", begun, by_fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_waits_for_the_store_and_nobody_is_lost() {
    let begun = Instant::now();
    // Two worlds, because most of the time is waiting: for tokens to expire, and for deadlines.
    let (some, others) = StoreFault::ALL.split_at(StoreFault::ALL.len() / 2);
    let (some, others) = tokio::join!(with_ended_tokens(some), with_ended_tokens(others));
    conclude("Redis, expired access tokens", begun, some.into_iter().chain(others));
}

async fn with_ended_tokens(faults: &[StoreFault]) -> Vec<(&'static str, Figures)> {
    let world = World::start(Life::Short, Store::Redis).await;
    let mut by_fault = Vec::new();
    for &fault in faults {
        let forms = survey().forms.iter().filter(|form| form.needs == Needs::Session).map(Errand::Form);
        let errands = forms.chain([Errand::Pages, Errand::Account, Errand::Account]);
        let mut trials = prepare_all(&world, errands, fault.words()).await;
        for trial in &mut trials {
            trial.is_unchecked = true;
        }
        world.tokens_end().await;
        by_fault.push((fault.words(), under(&world, fault, trials).await));
    }
    by_fault
}

async fn under(world: &Arc<World>, fault: StoreFault, trials: Vec<Trial>) -> Figures {
    let store = world.store_wire.as_ref().unwrap();
    let mut figures = Figures::default();
    let mut supervisor = world.stranger().browser;
    store.spoil(fault).await;
    let trials = act_all(trials).await;
    let red = if fault == StoreFault::ShortDelay { 200 } else { 503 };
    health(&mut supervisor, red, &mut figures, fault).await;
    // Refused connections are not counted.
    figures.faults = store.heal().max(1);
    health(&mut supervisor, 200, &mut figures, fault).await;
    figures.add(judge_all(world, trials).await);
    figures
}

/// Checks that readiness follows the store, and that liveness stays good.
async fn health(supervisor: &mut Browser, expected: u16, figures: &mut Figures, fault: StoreFault) {
    let live = supervisor.get("/health/live").await;
    let begun = Instant::now();
    let mut ready = supervisor.get("/health/ready").await;
    while ready.status != expected && begun.elapsed() < UNTIL_TOLD {
        pause(ASK_AGAIN_AFTER).await;
        ready = supervisor.get("/health/ready").await;
    }
    figures.requests += 2;
    if live.status != 200 || ready.status != expected || ready.took > READINESS_LIMIT {
        let seen = (live.status, ready.status, ready.took);
        figures.wrong.push(format!("health under {}: {seen:?}, not {expected}", fault.words()));
    }
}
