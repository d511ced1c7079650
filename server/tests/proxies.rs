//! Ironleaf behind the reverse proxies of `docs/operations.md`: nginx, haproxy, Apache httpd and Caddy. Each runs with
//! its file of `deploy/proxies` and two replicas behind it. A proxy that is not installed is named and skipped.
//!
//! The tests install nothing, because the service of such a package starts by itself and takes the machine's ports 80
//! and 443.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "proxies/chat.rs"]
mod chat;
#[path = "proxies/client.rs"]
mod client;
#[path = "proxies/flood.rs"]
mod flood;
#[path = "proxies/front.rs"]
mod front;
#[path = "proxies/machine.rs"]
mod machine;
#[path = "proxies/people.rs"]
mod people;
#[path = "proxies/places.rs"]
mod places;
#[path = "storm/processes.rs"]
#[expect(dead_code, reason = "it can do more than is needed here")]
mod processes;
#[path = "proxies/programs.rs"]
mod programs;
#[path = "proxies/sockets.rs"]
mod sockets;
#[path = "proxies/world.rs"]
mod world;

use programs::{APACHE, CADDY, HAPROXY, NGINX};

#[tokio::test(flavor = "multi_thread")]
async fn nginx_serves_people_as_they_are() {
    people::are_served_behind(&NGINX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_serves_people_as_they_are() {
    people::are_served_behind(&HAPROXY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_serves_people_as_they_are() {
    people::are_served_behind(&APACHE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caddy_serves_people_as_they_are() {
    people::are_served_behind(&CADDY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_passes_every_early_answer_on_and_takes_no_replica_for_down() {
    flood::of_early_answers_behind(&NGINX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_passes_every_early_answer_on_and_takes_no_replica_for_down() {
    flood::of_early_answers_behind(&HAPROXY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_passes_every_early_answer_on_and_takes_no_replica_for_down() {
    flood::of_early_answers_behind(&APACHE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caddy_passes_every_early_answer_on_and_takes_no_replica_for_down() {
    flood::of_early_answers_behind(&CADDY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_passes_sockets_on() {
    sockets::pass_through(&NGINX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_passes_sockets_on() {
    sockets::pass_through(&HAPROXY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_passes_sockets_on() {
    sockets::pass_through(&APACHE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caddy_passes_sockets_on() {
    sockets::pass_through(&CADDY).await;
}
