//! A server with a Redis: its start, and its readiness while Redis is down.

use crate::people::People;
use crate::processes::{Process, Subcommand, free_address, refusal};
use crate::world::{Shared, World};

fn production(redis_url: String) -> Vec<(&'static str, String)> {
    vec![
        ("IRONLEAF_ENV", "production".to_owned()),
        ("PUBLIC_ORIGIN", "http://127.0.0.1:3000".to_owned()),
        ("CORE_API_URL", "http://127.0.0.1:3001/v1".to_owned()),
        ("SESSION_SECRETS", "61206b657920666f722074657374732c20616e64206e6f207365637265742121".to_owned()),
        ("REDIS_URL", redis_url),
    ]
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("redis://:hunter2@{}", free_address());
    for settings in [vec![("REDIS_URL", url.clone())], production(url.clone())] {
        let text = refusal(folder.path(), &settings).await;
        assert!(text.contains("REDIS_URL") && text.contains("Start that Redis"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_redis_that_could_drop_marks_is_refused_in_production_only() {
    let folder = tempfile::tempdir().unwrap();
    let redis = Process::redis(&folder, &["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let url = format!("redis://{}", redis.address);
    let text = refusal(folder.path(), &production(url.clone())).await;
    assert!(
        text.contains("REDIS_URL") && text.contains("allkeys-lru") && text.contains("noeviction"),
        "{text}"
    );
    let settings = [("REDIS_URL", url), ("CORE_API_URL", "http://127.0.0.1:3001/v1".to_owned())];
    let replica = Process::ironleaf(folder.path(), Subcommand::Serve, &settings).await;
    assert_eq!(People::new(&[replica.address]).status(0, "/health/ready").await, 200);
}

#[tokio::test]
async fn a_redis_that_answers_and_is_of_no_use_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    // The default is 10,000 above the other one, where something else may listen.
    let cluster_port = free_address().port().to_string();
    for (arguments, words) in [
        (&["--replicaof", "127.0.0.1", "1"][..], "read-only replica"),
        (&["--min-replicas-to-write", "1"], "min-replicas-to-write"),
        (&["--maxmemory", "1"], "maxmemory"),
        (&["--cluster-enabled", "yes", "--cluster-port", &cluster_port], "redis_mode:cluster"),
    ] {
        let of_its_own = tempfile::tempdir().unwrap();
        let redis = Process::redis(&of_its_own, arguments).await;
        let text = refusal(folder.path(), &production(format!("redis://{}", redis.address))).await;
        assert!(text.contains("REDIS_URL") && text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn readiness_follows_the_store_and_the_process_lives_on() {
    let mut world = World::start(1, Shared::Redis, "20m").await;
    let both = async |world: &World| {
        let people = &world.people;
        (people.status(0, "/health/live").await, people.status(0, "/health/ready").await)
    };
    assert_eq!(both(&world).await, (200, 200));
    let redis = world.redis.as_mut().unwrap();
    redis.kill().await;
    assert_eq!(both(&world).await, (200, 503));
    world.redis.as_mut().unwrap().start_again().await;
    assert_eq!(both(&world).await, (200, 200));
}

#[tokio::test]
async fn processes_with_one_redis_count_failures_together_and_go_on_without_it() {
    let mut world = World::start(2, Shared::Redis, "20m").await;
    let people = world.people.clone();
    let guess = async |door, email| people.try_to_sign_in(door, email, "wrong-password").await.0;
    for door in 0..10 {
        assert_eq!(guess(door, "user@test.com").await, 303);
    }
    assert_eq!([guess(0, "user@test.com").await, guess(1, "user@test.com").await], [429, 429]);
    world.redis.as_mut().unwrap().kill().await;
    assert_eq!(guess(1, "user@test.com").await, 429, "what this process has seen");
    for _ in 0..10 {
        assert_eq!(guess(0, "nobody@test.com").await, 303);
    }
    assert_eq!([guess(0, "nobody@test.com").await, guess(1, "nobody@test.com").await], [429, 303]);
    let signed_in = people.try_to_sign_in(0, "admin@test.com", "password1").await;
    assert_eq!(signed_in, (303, "/".to_owned()));
}
