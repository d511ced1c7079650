//! Events that happen to a world from time to time, whatever its people do.

use std::sync::Arc;
use std::time::Duration;

use crate::back_channel::{self, Named};
use crate::core_api::{FamilyId, PersonId, Revoked};
use crate::counts::Fault;
use crate::outage::Outage;
use crate::style::Style;
use crate::timeline::pass;
use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// A person's address changes once in this many days.
const DAYS_PER_CHANGED_EMAIL: u32 = 1;
/// One in this many people meets this in a day.
const PEOPLE_PER_REVOCATION: u32 = 40;

/// One in this many signing keys of a provider is withdrawn at once.
const KEYS_PER_WITHDRAWN: u32 = 3;

/// Starts everything that happens from time to time, until the world ends.
pub(crate) fn begin(world: &Arc<World>) {
    every(world, 5 * HOUR, 20 * HOUR, outage);
    every(world, 2 * HOUR, 8 * HOUR, |world| {
        let time = world.dice().mostly_short(5 * SECOND, 20 * MINUTE);
        world.counts.fault(Fault::Partition);
        some_replica(world, |index| world.replicas[index].partition(world, time));
    });
    every(world, 2 * HOUR, 8 * HOUR, |world| {
        let time = world.dice().secs(5, 90);
        world.counts.fault(Fault::Paused);
        some_replica(world, |index| world.replicas[index].pause(world, time));
    });
    every(world, 2 * HOUR, 8 * HOUR, |world| {
        some_replica(world, |index| world.replicas[index].restart(world));
    });
    every(world, 4 * HOUR, 14 * HOUR, new_secret);
    every(world, 6 * HOUR, 24 * HOUR, full_store);
    let people = world.setup.people.max(1);
    let mean = 24 * HOUR * DAYS_PER_CHANGED_EMAIL / people;
    every(world, mean / 2, 2 * mean, |world| {
        let person = PersonId(u32::try_from(world.dice().below(world.setup.people as usize)).unwrap_or(0));
        world.counts.fault(Fault::EmailChanged);
        world.tell_of(person, "the address is changed elsewhere");
        world.core.change_email(person);
    });
    let mean = 24 * HOUR * PEOPLE_PER_REVOCATION / people;
    every(world, mean / 2, 2 * mean, |world| {
        if let Some(family) = some_family(world) {
            let held = world.core.look(family, |family| family.revoked.is_none());
            if held == Some(true) {
                world.counts.fault(Fault::AdminRevoked);
                tell_of(world, family, "an administrator revokes the family");
                world.core.revoke(family);
            }
        }
    });
    if world.setup.style.signs() {
        every(world, 8 * HOUR, 40 * HOUR, |world| {
            let is_withdrawn = world.dice().once_in(KEYS_PER_WITHDRAWN);
            let fault = if is_withdrawn { Fault::SigningKeyWithdrawn } else { Fault::SigningKeyRotated };
            world.counts.fault(fault);
            world.tell("another key of the provider signs from now on");
            world.core.rotate_keys(!is_withdrawn);
        });
    }
    if world.setup.style.is_openid() {
        every(world, mean / 4, mean, |world| {
            let named = if world.dice().once_in(3) { Named::Person } else { Named::SignIn };
            if let Some(family) = some_family(world) {
                back_channel::end(world, family, Revoked::Admin, named);
            }
        });
    }
    every(world, mean / 4, mean, |world| {
        // In this style, a valid access token is refused only together with its session.
        let is_possible = world.setup.style != Style::JwtSessions;
        if let Some(family) = some_family(world).filter(|_| is_possible) {
            world.counts.fault(Fault::AccessRefused);
            tell_of(world, family, "the core API refuses the access token from now on");
            world.core.refuse_access(family);
        }
    });
}

fn every(
    world: &Arc<World>,
    shortest: Duration,
    longest: Duration,
    happens: impl Fn(&Arc<World>) + Send + 'static,
) {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        loop {
            let wait = world.dice().between(shortest, longest.max(SECOND));
            pass(wait.max(SECOND)).await;
            if world.now() >= world.end() {
                break;
            }
            happens(&world);
        }
    });
}

fn outage(world: &Arc<World>) {
    let (kind, time) = {
        let mut dice = world.dice();
        let kind = dice.weighted(&[(1, Outage::Refusing), (1, Outage::Erring), (1, Outage::Silent)]);
        (kind, dice.mostly_short(20 * SECOND, 25 * MINUTE))
    };
    world.counts.fault(Fault::Outage);
    world.tell(format!("the core API is down for {time:?}: {kind:?}"));
    world.set_outage(Some(kind));
    let world = Arc::clone(world);
    tokio::spawn(async move {
        pass(time).await;
        world.set_outage(None);
        world.tell("the core API is back");
    });
}

fn full_store(world: &Arc<World>) {
    let time = world.dice().mostly_short(20 * SECOND, 12 * MINUTE);
    world.counts.fault(Fault::StoreFull);
    world.tell(format!("the store is full for {time:?}"));
    world.set_store_full(true);
    let world = Arc::clone(world);
    tokio::spawn(async move {
        pass(time).await;
        world.set_store_full(false);
        world.tell("the store has room again");
    });
}

/// Operators put a new secret first. Every replica loads it when it notices, and one in three is late.
fn new_secret(world: &Arc<World>) {
    world.counts.fault(Fault::KeyRotated);
    world.tell("a new session secret is rolled out");
    world.add_secret();
    for index in 0..world.replicas.len() {
        let wait = {
            let mut dice = world.dice();
            if dice.once_in(3) { dice.secs(5 * 60, 60 * 60) } else { dice.secs(0, 4 * 60) }
        };
        let world = Arc::clone(world);
        tokio::spawn(async move {
            pass(wait).await;
            world.tell(format!("replica {index} loads the new secret"));
            world.replicas[index].reload_secrets(&world);
        });
    }
}

fn some_replica(world: &Arc<World>, happens: impl FnOnce(usize)) {
    let index = world.dice().below(world.replicas.len());
    happens(index);
}

fn some_family(world: &World) -> Option<FamilyId> {
    let families = u64::try_from(world.core.families()).unwrap_or(0);
    // One of the newest, most of which are in use.
    let newest = u64::from(world.setup.people);
    let first = families.saturating_sub(newest);
    let chosen = (families > 0).then(|| world.dice().range(first, families - 1))?;
    u32::try_from(chosen).ok().map(FamilyId)
}

fn tell_of(world: &World, family: FamilyId, text: &str) {
    if let Some(person) = world.core.look(family, |family| family.person) {
        world.tell_of(person, text);
    }
}
