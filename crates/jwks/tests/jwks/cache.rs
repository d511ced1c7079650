//! How long keys serve, and when they are asked for.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ironleaf_jwks::{FetchOutcome, FetchedKeys, KeyCache, KeyCacheSettings, KeySourceError, TokenError};
use tokio::task::yield_now;

use crate::support::{
    ED25519, ES256, Hands, Provider, RS256, TestKey, down, id_claims, id_rules, jwks, keys,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

struct World {
    hands: Hands,
    provider: Arc<Provider>,
    cache: KeyCache,
    outcomes: Arc<Mutex<Vec<&'static str>>>,
}

impl World {
    fn new(provider: Arc<Provider>) -> Self {
        let (hands, outcomes) = (Hands::new(), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&outcomes);
        let cache = KeyCache::new(provider.clone(), KeyCacheSettings::default(), hands.clock())
            .with_observer(move |outcome: FetchOutcome| seen.lock().unwrap().push(outcome.label()));
        Self { hands, provider, cache, outcomes }
    }

    /// With the key `ES256`, which has been fetched.
    async fn warm() -> Self {
        let world = Self::new(Provider::new(jwks(&[&ES256])));
        world.cache.warm().await.unwrap();
        world
    }

    /// The outcome for a fresh token that this key signs.
    async fn verify(&self, key: &TestKey) -> Result<(), TokenError> {
        self.cache.verify(&self.hands.token_of(key), &id_rules()).await.map(|_| ())
    }

    fn asked(&self) -> usize {
        self.provider.asked()
    }

    fn outcomes(&self) -> Vec<&'static str> {
        self.outcomes.lock().unwrap().clone()
    }
}

/// Lets the tasks in the background run until they wait.
async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

fn unavailable() -> Result<(), TokenError> {
    Err(TokenError::KeysUnavailable("the provider is down".to_owned()))
}

#[tokio::test]
async fn the_first_token_fetches_the_keys_and_the_next_ones_use_them() {
    let world = World::new(Provider::new(jwks(&[&ES256])));
    assert_eq!(world.cache.status().keys, 0);
    for _ in 0..3 {
        assert_eq!(world.verify(&ES256).await, Ok(()));
    }
    assert_eq!((world.asked(), world.cache.status().keys), (1, 1));
    assert_eq!(world.outcomes(), ["fetched"]);
}

#[tokio::test]
async fn a_token_that_is_refused_for_its_header_fetches_nothing() {
    let world = World::new(Provider::new(jwks(&[&ES256])));
    let token = ES256.token("at+jwt", &id_claims());
    assert_eq!(world.cache.verify(&token, &id_rules()).await.unwrap_err(), TokenError::Type);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn keys_are_renewed_beside_the_requests_shortly_before_their_life_ends() {
    let world = World::warm().await;
    world.hands.advance(9 * MINUTE - 1);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    settle().await;
    assert_eq!(world.asked(), 1);
    world.hands.advance(1);
    world.provider.gate.forget_permits(usize::MAX >> 4);
    // The provider does not answer yet, and nobody waits for it.
    for _ in 0..3 {
        assert_eq!(world.verify(&ES256).await, Ok(()));
    }
    settle().await;
    assert_eq!(world.asked(), 2);
    world.provider.gate.add_permits(1);
    settle().await;
    assert_eq!(world.outcomes(), ["fetched", "fetched"]);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn the_life_of_keys_is_that_of_the_response_within_bounds() {
    for (told, kept) in [(None, 600), (Some(5), 60), (Some(1200), 1200), (Some(90 * DAY), DAY)] {
        let world = World::new(Provider::new(jwks(&[&ES256])));
        let max_age = told.map(Duration::from_secs);
        world.provider.answer(Ok(FetchedKeys { body: jwks(&[&ES256]), max_age }));
        world.cache.warm().await.unwrap();
        let status = world.cache.status();
        let life = status.fresh_until.unwrap().duration_since(status.fetched_at.unwrap()).unwrap();
        assert_eq!(life.as_secs(), kept, "{told:?}");
    }
}

#[tokio::test]
async fn after_an_idle_time_the_first_request_waits_for_new_keys() {
    let world = World::warm().await;
    // The provider has withdrawn the key meanwhile.
    world.provider.answer(Ok(keys(jwks(&[&RS256]))));
    world.hands.advance(3 * HOUR);
    assert_eq!(world.verify(&ES256).await, Err(TokenError::UnknownKey));
    assert_eq!(world.verify(&RS256).await, Ok(()));
}

#[tokio::test]
async fn keys_serve_on_while_the_provider_is_down_and_end_after_a_day() {
    let world = World::warm().await;
    world.provider.answer(down());
    world.hands.advance(10 * MINUTE);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    // Until the cool-down is over, nobody asks again.
    world.hands.advance(29);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    settle().await;
    assert_eq!((world.asked(), world.outcomes()), (2, vec!["fetched", "failed"]));
    assert_eq!(world.cache.status().failure.as_deref(), Some("the provider is down"));
    world.hands.advance(1);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    settle().await;
    assert_eq!(world.asked(), 3);
    world.hands.advance(DAY - 31);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    settle().await;
    world.hands.advance(1);
    assert_eq!(world.verify(&ES256).await, unavailable());
    // It comes back.
    world.provider.answer(Ok(keys(jwks(&[&ES256]))));
    world.hands.advance(5);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    assert_eq!(world.cache.status().failure, None);
}

#[tokio::test]
async fn a_provider_that_is_down_at_the_start_is_asked_again_after_a_pause() {
    let world = World::new(Provider::new(jwks(&[&ES256])));
    world.provider.answer_once(down());
    assert_eq!(world.verify(&ES256).await, unavailable());
    world.hands.advance(4);
    assert_eq!(world.verify(&ES256).await, unavailable());
    assert_eq!(world.asked(), 1);
    world.hands.advance(1);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn an_unusable_answer_never_replaces_keys() {
    let world = World::warm().await;
    for body in
        ["<html>gateway error</html>", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQAB\"}]}", ""]
    {
        world.provider.answer(Ok(keys(body.into())));
        assert!(world.cache.warm().await.is_err(), "{body}");
        assert_eq!(world.verify(&ES256).await, Ok(()), "{body}");
    }
    assert_eq!(world.cache.status().keys, 1);
}

#[tokio::test]
async fn a_rotation_is_seen_by_the_first_token_of_the_new_key() {
    let world = World::warm().await;
    let old = world.hands.token_of(&ES256);
    world.provider.answer(Ok(keys(jwks(&[&ES256, &ED25519]))));
    assert_eq!(world.verify(&ED25519).await, Ok(()));
    assert_eq!(world.asked(), 2);
    // Tokens of the old key live on.
    assert!(world.cache.verify(&old, &id_rules()).await.is_ok());
    // Later the provider withdraws the old key.
    world.provider.answer(Ok(keys(jwks(&[&ED25519]))));
    world.hands.advance(MINUTE);
    world.cache.warm().await.unwrap();
    assert_eq!(world.cache.verify(&old, &id_rules()).await.unwrap_err(), TokenError::UnknownKey);
}

#[tokio::test]
async fn a_rotation_is_seen_by_tokens_without_kid_as_well() {
    let world = World::warm().await;
    let new = TestKey::new("new", "ES256");
    world.provider.answer(Ok(keys(jwks(&[&new]))));
    let token = new.sign(&serde_json::json!({ "alg": "ES256" }), &id_claims());
    assert!(world.cache.verify(&token, &id_rules()).await.is_ok());
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_in_a_cool_down() {
    let world = World::warm().await;
    for _ in 0..3 {
        assert_eq!(world.verify(&RS256).await, Err(TokenError::UnknownKey));
    }
    assert_eq!(world.asked(), 2);
    assert_eq!(world.outcomes(), ["fetched", "fetched", "cooled_down", "cooled_down"]);
    world.hands.advance(29);
    assert_eq!(world.verify(&RS256).await, Err(TokenError::UnknownKey));
    assert_eq!(world.asked(), 2);
    world.hands.advance(1);
    world.provider.answer(Ok(keys(jwks(&[&ES256, &RS256]))));
    assert_eq!(world.verify(&RS256).await, Ok(()));
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn a_wrong_signature_of_a_known_key_asks_for_nothing() {
    let world = World::warm().await;
    let stranger = TestKey::new("es", "ES256");
    assert_eq!(world.verify(&stranger).await, Err(TokenError::Signature));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn while_the_provider_is_down_nobody_knows_whether_an_unknown_key_is_genuine() {
    let world = World::warm().await;
    world.provider.answer(down());
    for _ in 0..3 {
        assert_eq!(world.verify(&RS256).await, unavailable());
        assert_eq!(world.verify(&ES256).await, Ok(()));
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_is_given_up() {
    let world = World::new(Provider::waiting(jwks(&[&ES256])));
    let begun = tokio::time::Instant::now();
    let error = world.verify(&ES256).await.unwrap_err();
    assert_eq!(error, TokenError::KeysUnavailable("no answer within 5s".to_owned()));
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    assert_eq!(world.outcomes(), ["failed"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_renewals() {
    let world = World::warm().await;
    world.hands.set_back(DAY);
    assert_eq!(world.verify(&ES256).await, Ok(()));
    settle().await;
    assert_eq!(world.asked(), 2);
    assert_eq!(world.verify(&RS256).await, Err(TokenError::UnknownKey));
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn the_reason_of_a_failure_reaches_whoever_warms_the_cache() {
    let world = World::new(Provider::new(jwks(&[&ES256])));
    world.provider.answer_once(down());
    assert_eq!(world.cache.warm().await, Err(KeySourceError::new("the provider is down")));
    assert_eq!(world.cache.warm().await, Ok(()));
}
