//! One person with two devices, whose refresh meets one fault; and what is left of their sessions.

use std::sync::Arc;
use std::time::Duration;

use crate::browser::{Answer, Ask, Browser, What};
use crate::core_api::{ACCESS_TTL, FamilyId, PersonId};
use crate::script::{Client, Kind, Script};
use crate::style::Style;
use crate::timeline::pass;
use crate::world::{Setup, World};

const REPLICAS: usize = 2;

/// A person tries again after these times, and for longer than any token has to rest.
const TRIES_AGAIN_AFTER: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(12),
    Duration::from_secs(40),
    Duration::from_mins(3),
    Duration::from_mins(10),
    Duration::from_mins(30),
];
/// The access token has expired by then, by any clock.
const UNTIL_EXPIRED: Duration = ACCESS_TTL.saturating_add(Duration::from_secs(90));
/// A session that was shown so often after its access token had expired is not lost.
const LOOKS: usize = 2;

/// How many sessions this many faults cost, where every person has two.
pub(super) fn lost(seed: u64, faults: u32, style: Style, kind: Kind, client: Client) -> u32 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without a driver for sockets always starts");
    let own = seed ^ (((style as u64) << 32) | ((kind as u64) << 16)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let setup = Setup { seed: own, people: faults, days: 0, replicas: REPLICAS, style };
    runtime.block_on(run(setup, Script::new(kind, client)))
}

async fn run(setup: Setup, script: Script) -> u32 {
    let world = Arc::new(World::new(setup).with(script));
    for replica in &world.replicas {
        replica.start(&world);
    }
    let mut lost = 0;
    for turn in 0..setup.people {
        lost += trial(&world, PersonId(turn), turn).await;
    }
    for replica in &world.replicas {
        // They hold the world that holds them.
        replica.stop();
    }
    lost
}

async fn trial(world: &Arc<World>, person: PersonId, turn: u32) -> u32 {
    let (laptop, phone) = (Device::signed_in(world, person).await, Device::signed_in(world, person).await);
    pass(UNTIL_EXPIRED).await;
    if let Some(script) = world.script() {
        script.arm(laptop.family, turn);
        if script.kind == Kind::TwoReplicas {
            tokio::join!(laptop.page(0), laptop.page(1));
        } else {
            laptop.page(0).await;
        }
    }
    let mut lost = 0;
    for device in [laptop, phone] {
        lost += u32::from(!device.lives().await);
    }
    lost
}

struct Device {
    browser: Arc<Browser>,
    family: FamilyId,
}

impl Device {
    async fn signed_in(world: &Arc<World>, person: PersonId) -> Self {
        let browser = Arc::new(Browser::new(Arc::clone(world), person));
        for wait in TRIES_AGAIN_AFTER {
            pass(wait).await;
            let ask = if world.setup.style.is_openid() {
                match Arc::clone(&browser).fetch(Ask::plain(What::Start).at(0)).await {
                    Answer::AtProvider(code) => Ask::back_with(code).at(0),
                    _ => continue,
                }
            } else {
                Ask::plain(What::SignIn).at(0)
            };
            let answer = Arc::clone(&browser).fetch(ask).await;
            let family = match ask.code {
                Some(code) => world.core.family_by(code),
                None => world.core.latest_of(person),
            };
            if let (Answer::Done, Some(family)) = (answer, family) {
                return Self { browser, family };
            }
        }
        unreachable!("nothing goes wrong at a sign-in")
    }

    async fn page(&self, replica: usize) -> Answer {
        Arc::clone(&self.browser).fetch(Ask::plain(What::Page).at(replica)).await
    }

    /// Whether the session goes on, also after its next refreshes.
    async fn lives(&self) -> bool {
        for _ in 0..LOOKS {
            if !self.is_shown().await {
                return false;
            }
            pass(UNTIL_EXPIRED).await;
        }
        self.is_shown().await
    }

    async fn is_shown(&self) -> bool {
        for (try_number, wait) in TRIES_AGAIN_AFTER.into_iter().enumerate() {
            pass(wait).await;
            match self.page((try_number + 1) % REPLICAS).await {
                Answer::Done => return true,
                Answer::SignedOut => return false,
                _ => {}
            }
        }
        false
    }
}
