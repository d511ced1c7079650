//! Every route while the connection to the core API is disturbed.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::browser::Browser;
use crate::core_api_wire::{At, Fault};
use crate::figures::{Figures, conclude};
use crate::forms::Needs;
use crate::survey::survey;
use crate::trial::{Errand, Trial, act_all, every_errand, judge_all, prepare_all};
use crate::truth::until_served;
use crate::world::{Life, Store, World, begin_heartbeat};

/// How many errands run at the same time: those with one fault, and those with a fault at every call.
#[derive(Clone, Copy)]
struct AtOnce {
    single: usize,
    every: usize,
}

impl AtOnce {
    /// For faults without a wait. Five unanswered calls in a row open the circuit breaker. If every call fails, it
    /// opens anyway.
    const QUICK: Self = Self { single: 4, every: 48 };
    /// For faults that wait for deadlines.
    const SLOW: Self = Self { single: 48, every: 48 };
    const ALONE: Self = Self { single: 1, every: 1 };
}

const FAULTS_IN_A_BATCH: usize = 4;

/// A person whose call the circuit breaker blocked has met no fault. Other people then repeat the errand, one at a
/// time, in at most this many rounds.
const ROUNDS_ALONE: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_at_every_call_under_every_fault_of_the_core_api() {
    every_route_meets_every_fault("one fault at each call, valid access tokens", Life::Long).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_when_its_refresh_meets_every_fault() {
    every_route_meets_every_fault("expired access tokens: the first call is a refresh", Life::Short).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_right_while_the_core_api_refuses_connections() {
    let begun = Instant::now();
    let mut by_life = Vec::new();
    for (words, life) in [("valid access tokens", Life::Long), ("expired access tokens", Life::Short)] {
        let world = World::start(life, Store::Folder).await;
        let mut witness = world.signed_in().await;
        let mut trials = prepare_all(&world, every_errand(), words).await;
        world.tokens_end().await;
        world.wire.door.shut().await;
        trials = act_all(trials).await;
        world.wire.door.open_again();
        // After at most a second and a half, the circuit breaker lets the first call through.
        assert_eq!(until_served(&mut witness.browser).await.status, 200);
        let mut figures = judge_all(&world, trials).await;
        figures.faults = 1;
        by_life.push((words, figures));
    }
    conclude("one outage: the core API refuses connections", begun, by_life);
}

/// An errand, its fault, and the calls that meet the fault.
#[derive(Clone, Copy)]
struct Task {
    errand: Errand,
    fault: Fault,
    at: At,
}

impl Task {
    fn of(life: Life, fault: Fault) -> Vec<Self> {
        let mut errands = vec![(Errand::Pages, At::Every)];
        if life == Life::Short {
            // The first call is the refresh.
            errands.extend([(Errand::Account, At::Only(1)), (Errand::Account, At::Only(2))]);
            for form in survey().forms.iter().filter(|form| form.needs == Needs::Session && form.calls > 0) {
                errands.extend([(Errand::Form(form), At::Only(1)), (Errand::Form(form), At::Every)]);
            }
        } else {
            for form in &survey().forms {
                errands.extend((1..=form.calls.max(1)).map(|call| (Errand::Form(form), At::Only(call))));
            }
        }
        errands.into_iter().map(|(errand, at)| Self { errand, fault, at }).collect()
    }

    /// Does the errand under its fault, and waits until all its requests are finished.
    async fn carry_out(self, world: &World, trial: &mut Trial) {
        let address = trial.person.browser.address;
        world.wire.spoil(address, self.fault, self.at);
        trial.act().await;
        let met = world.wire.heal(address);
        world.wire.settled(address).await;
        trial.figures.faults = met;
        trial.figures.met.extend(self.calling_form().filter(|_| met > 0));
    }

    /// The form, if it calls the core API and so has to meet the fault.
    fn calling_form(self) -> Option<&'static str> {
        match self.errand {
            Errand::Form(form) if form.calls > 0 => Some(form.path),
            _ => None,
        }
    }
}

async fn every_route_meets_every_fault(name: &str, life: Life) {
    let begun = Instant::now();
    let (slow, quick): (Vec<_>, Vec<_>) = Fault::ALL.into_iter().partition(|fault| fault.is_slow());
    // Two worlds, because most of the time is waiting: for deadlines in one, and for turns in the other.
    let (mut by_fault, quick) = tokio::join!(
        every_route_meets(&slow, AtOnce::SLOW, life),
        every_route_meets(&quick, AtOnce::QUICK, life)
    );
    by_fault.extend(quick);
    conclude(name, begun, by_fault.into_iter().map(|(fault, figures)| (fault.words(), figures)));
}

/// Runs the faults in batches, so that no errand is prepared or judged while another errand's fault could open the
/// circuit breaker.
async fn every_route_meets(faults: &[Fault], at_once: AtOnce, life: Life) -> BTreeMap<Fault, Figures> {
    let world = World::start(life, Store::Folder).await;
    let mut by_fault = BTreeMap::new();
    for faults in faults.chunks(FAULTS_IN_A_BATCH) {
        let tasks = faults.iter().flat_map(|&fault| Task::of(life, fault)).collect();
        batch(&world, tasks, at_once, &mut by_fault).await;
    }
    for _ in 0..ROUNDS_ALONE {
        let unmet = unmet(life, &by_fault);
        if !unmet.is_empty() {
            batch(&world, unmet, AtOnce::ALONE, &mut by_fault).await;
        }
    }
    for task in unmet(life, &by_fault) {
        let never = format!("{} never met: {}", task.calling_form().unwrap_or_default(), task.fault.words());
        by_fault.entry(task.fault).or_default().wrong.push(never);
    }
    by_fault
}

/// The tasks of the forms that have not met their fault yet.
fn unmet(life: Life, by_fault: &BTreeMap<Fault, Figures>) -> Vec<Task> {
    let tasks = by_fault.keys().flat_map(|&fault| Task::of(life, fault));
    tasks
        .filter(|task| task.calling_form().is_some_and(|form| !by_fault[&task.fault].met.contains(form)))
        .collect()
}

async fn batch(
    world: &Arc<World>,
    tasks: Vec<Task>,
    at_once: AtOnce,
    by_fault: &mut BTreeMap<Fault, Figures>,
) {
    let witness = world.signed_in().await.browser;
    let mut preparing = JoinSet::new();
    for task in tasks {
        let world = Arc::clone(world);
        preparing.spawn(async move { (Trial::prepare(&world, task.errand, task.fault.words()).await, task) });
    }
    let prepared = preparing.join_all().await;
    world.tokens_end().await;

    let heartbeat = begin_heartbeat(witness.clone());
    let witness = Arc::new(Mutex::new(witness));
    // Errands with a fault at every call, including the refresh, wait for a deadline. So they run together, and last.
    let (every, single) = prepared.into_iter().partition(|(_, task)| matches!(task.at, At::Every));
    let mut acted = act_under_their_faults(world, single, at_once.single, &witness).await;
    acted.extend(act_under_their_faults(world, every, at_once.every, &witness).await);
    heartbeat.abort();

    assert_eq!(until_served(&mut *witness.lock().await).await.status, 200);
    let mut judging = JoinSet::new();
    for (mut trial, task) in acted {
        let world = Arc::clone(world);
        judging.spawn(async move {
            trial.judge(&world).await;
            (task.fault, trial.figures)
        });
    }
    for (fault, figures) in judging.join_all().await {
        by_fault.entry(fault).or_default().add(figures);
    }
}

async fn act_under_their_faults(
    world: &Arc<World>,
    trials: Vec<(Trial, Task)>,
    at_once: usize,
    witness: &Arc<Mutex<Browser>>,
) -> Vec<(Trial, Task)> {
    let turns = Arc::new(Semaphore::new(at_once));
    let mut acting = JoinSet::new();
    for (mut trial, task) in trials {
        let (world, turns, witness) = (Arc::clone(world), Arc::clone(&turns), Arc::clone(witness));
        acting.spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            // A success ends the run of failures that the circuit breaker counts.
            until_served(&mut *witness.lock().await).await;
            task.carry_out(&world, &mut trial).await;
            (trial, task)
        });
    }
    acting.join_all().await
}
