//! Every route while something is wrong between the program and its dependencies. Proxies between real processes
//! disturb the connections to the core API and to Redis. The results are judged by what browsers see, and by the state
//! of the core API afterwards. `docs/faults.md` has the figures.
//!
//! Linux only: each person has an address in 127.0.0.0/8, and only Linux treats that whole network as loopback.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "faults/api.rs"]
mod api;
#[path = "faults/browser.rs"]
mod browser;
#[path = "faults/clock.rs"]
mod clock;
#[path = "faults/core_api.rs"]
mod core_api;
#[path = "faults/core_api_wire.rs"]
mod core_api_wire;
#[path = "faults/dice.rs"]
mod dice;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/door.rs"]
mod door;
#[path = "faults/figures.rs"]
mod figures;
#[path = "faults/forms.rs"]
mod forms;
#[path = "faults/guesser.rs"]
mod guesser;
#[path = "faults/islands.rs"]
mod islands;
#[path = "faults/load.rs"]
mod load;
#[path = "faults/machine.rs"]
mod machine;
#[path = "storm/message.rs"]
mod message;
#[path = "faults/others.rs"]
mod others;
#[path = "storm/processes.rs"]
#[expect(dead_code, reason = "this suite kills nothing")]
mod processes;
#[path = "faults/proxied.rs"]
mod proxied;
#[path = "faults/redis_wire.rs"]
mod redis_wire;
#[path = "faults/store.rs"]
mod store;
#[path = "faults/streams.rs"]
mod streams;
#[path = "faults/survey.rs"]
mod survey;
#[path = "faults/trial.rs"]
mod trial;
#[path = "faults/truth.rs"]
mod truth;
#[path = "faults/upstream.rs"]
mod upstream;
#[path = "faults/world.rs"]
mod world;

use std::time::Duration;

#[expect(clippy::disallowed_methods, reason = "the processes live by the clock of the machine")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
