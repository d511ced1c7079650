//! A storm with real parts: the program as processes on real sockets, SQLite and Redis, the reference core API behind a
//! proxy that loses refreshes, and SIGKILL. The results are judged by what browsers see, and by what the core API has
//! counted.
//!
//! The time is real here, because processes have no other clock. Everything that can be tested with a mock clock is
//! tested elsewhere.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "storm/forwarded.rs"]
mod forwarded;
#[path = "storm/leader.rs"]
mod leader;
#[path = "storm/machine.rs"]
mod machine;
#[path = "storm/message.rs"]
mod message;
#[path = "storm/people.rs"]
mod people;
#[path = "storm/processes.rs"]
mod processes;
#[path = "storm/proxy.rs"]
mod proxy;
#[path = "storm/redis.rs"]
mod redis;
#[path = "storm/rounds.rs"]
mod rounds;
#[path = "storm/tally.rs"]
mod tally;
#[path = "storm/world.rs"]
mod world;

use rounds::Storm;
use world::Shared;

#[tokio::test(flavor = "multi_thread")]
async fn one_process_loses_no_session() {
    Storm::begin("one process, SQLite", 1, Shared::OneFolder).await.blow_over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_lose_no_session() {
    Storm::begin("two processes, one SQLite", 2, Shared::OneFolder).await.blow_over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_redis_lose_no_session() {
    Storm::begin("two processes, Redis", 2, Shared::Redis).await.blow_over().await;
}
