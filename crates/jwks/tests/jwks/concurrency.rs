//! Many requests at once, and requests that go away.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ironleaf_jwks::{FetchedKeys, KeyCache, KeyCacheSettings, KeySource, KeySourceError, TokenError};
use serde_json::json;
use tokio::{sync::Barrier, task::JoinSet};

use crate::support::{ED25519, ES256, Hands, Provider, id_claims, id_rules, jwks};

fn cache(provider: &Arc<Provider>) -> KeyCache {
    KeyCache::new(provider.clone(), KeyCacheSettings::default(), Hands::new().clock())
}

/// 1,000 tokens, each with an unknown `kid` of its own, arrive within the same second.
async fn storm(cache: &KeyCache) {
    let begin = Arc::new(Barrier::new(1000));
    let mut requests = JoinSet::new();
    for number in 0..1000 {
        let (cache, begin) = (cache.clone(), Arc::clone(&begin));
        let token =
            ED25519.sign(&json!({ "alg": "EdDSA", "kid": format!("unknown-{number}") }), &id_claims());
        requests.spawn(async move {
            begin.wait().await;
            cache.verify(&token, &id_rules()).await.map(|_| ())
        });
    }
    while let Some(outcome) = requests.join_next().await {
        assert_eq!(outcome.unwrap(), Err(TokenError::UnknownKey));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_unknown_kids_within_a_second_cause_one_fetch() {
    let provider = Provider::new(jwks(&[&ES256]));
    let cache = cache(&provider);
    cache.warm().await.unwrap();
    let before = provider.asked();
    storm(&cache).await;
    storm(&cache).await;
    assert_eq!(provider.asked() - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_unknown_kids_cause_one_fetch_of_the_first_keys() {
    let provider = Provider::new(jwks(&[&ES256]));
    let cache = cache(&provider);
    storm(&cache).await;
    storm(&cache).await;
    assert_eq!(provider.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_who_waits_gets_the_keys_of_one_fetch() {
    let provider = Provider::waiting(jwks(&[&ES256]));
    let cache = cache(&provider);
    let mut requests = JoinSet::new();
    for _ in 0..200 {
        let cache = cache.clone();
        let token = ES256.token("JWT", &id_claims());
        requests.spawn(async move { cache.verify(&token, &id_rules()).await.map(|_| ()) });
    }
    provider.gate.add_permits(1);
    while let Some(outcome) = requests.join_next().await {
        assert_eq!(outcome.unwrap(), Ok(()));
    }
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn a_fetch_goes_on_when_the_request_that_began_it_goes_away() {
    let provider = Provider::waiting(jwks(&[&ES256]));
    let cache = cache(&provider);
    let token = ES256.token("JWT", &id_claims());
    let (first, rules) = (cache.clone(), id_rules());
    let mut request = Box::pin(first.verify(&token, &rules));
    assert!(poll_once(&mut request).await.is_none());
    drop(request);
    provider.gate.add_permits(1);
    assert!(cache.verify(&token, &id_rules()).await.is_ok());
    assert_eq!(provider.asked(), 1);
}

/// Polls once. `None` if it is not ready.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = std::future::ready(()) => None,
    }
}

struct Panicking;

#[async_trait]
impl KeySource for Panicking {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        panic!("a defect of the source");
    }
}

#[tokio::test]
async fn a_source_that_panics_is_a_failed_fetch() {
    let cache = KeyCache::new(Arc::new(Panicking), KeyCacheSettings::default(), Hands::new().clock());
    for _ in 0..2 {
        assert_eq!(cache.warm().await, Err(KeySourceError::new("the fetch was interrupted")));
    }
}

#[test]
fn a_runtime_that_stops_leaves_the_cache_usable() {
    let provider = Provider::waiting(jwks(&[&ES256]));
    let cache = cache(&provider);
    let token = ES256.token("JWT", &id_claims());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    let waiting = first.block_on(async {
        tokio::time::timeout(Duration::from_millis(1), cache.verify(&token, &id_rules())).await.is_err()
    });
    assert!(waiting);
    drop(first);
    provider.gate.add_permits(1);
    assert_eq!(cache.status().failure.as_deref(), Some("the fetch was interrupted"));
    assert_eq!(runtime().block_on(cache.warm()), Ok(()));
}
