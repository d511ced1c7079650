//! A world from its first day to its last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::browser::Person;
use crate::checker::Finding;
use crate::core_api::PersonId;
use crate::counts::Counts;
use crate::weather;
use crate::world::{Setup, World};

/// How often a world that is to stop early looks whether it should.
const LOOKS_UP_EVERY: Duration = Duration::from_mins(10);
/// What one world came to.
pub(crate) struct Outcome {
    pub(crate) setup: Setup,
    pub(crate) requests: u64,
    pub(crate) refreshes: u64,
    pub(crate) sessions: u64,
    pub(crate) counts: Counts,
    pub(crate) violations: BTreeMap<&'static str, u64>,
    pub(crate) excuses: BTreeMap<&'static str, u64>,
    pub(crate) findings: Vec<Finding>,
    /// How much virtual time had passed when it was over.
    pub(crate) lasted: Duration,
}

/// Lives through the days of a world. A world whose `stop_early` is set ends with its first violation.
pub(crate) async fn live(setup: Setup, stop_early: bool) -> Outcome {
    let world = Arc::new(World::new(setup));
    for replica in &world.replicas {
        replica.start(&world);
    }
    weather::begin(&world);
    let mut people = JoinSet::new();
    for person in 0..setup.people {
        people.spawn(Person::new(Arc::clone(&world), PersonId(person)).live());
    }
    while !(stop_early && world.checker.has_found()) {
        match tokio::time::timeout(LOOKS_UP_EVERY, people.join_next()).await {
            Ok(Some(Ok(()))) | Err(_) => {}
            Ok(Some(Err(error))) => std::panic::resume_unwind(error.into_panic()),
            Ok(None) => break,
        }
    }
    close(&world)
}

fn close(world: &World) -> Outcome {
    for replica in &world.replicas {
        // They hold the world that holds them.
        replica.stop();
    }
    let counts = Counts::default();
    counts.add(&world.counts);
    Outcome {
        setup: world.setup,
        requests: world.requests.load(Ordering::Relaxed),
        refreshes: world.core.rotations(),
        sessions: world.checker.sessions() as u64,
        counts,
        violations: world.checker.violations(),
        excuses: world.checker.excuses(),
        findings: world.checker.take_findings(),
        lasted: world.now(),
    }
}
