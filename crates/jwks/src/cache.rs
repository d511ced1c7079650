//! The keys of one issuer, kept and renewed.
//!
//! Requests do not wait for a renewal that can happen beside them. They wait for a fetch in three cases: there are no
//! keys (or only some that are too old to be used), the life of the keys is over and nobody has tried to renew them yet,
//! or the `kid` of a token is unknown. All of them wait for the same fetch.

mod flight;
mod shared;
mod state;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use ironleaf_ambient::Clock;

use self::{
    shared::Shared,
    state::{Held, Newer, Plan},
};
use crate::{
    FetchOutcome, KeyCacheSettings, KeySource, KeySourceError, KeyStatus, Rules, TokenError, Verified,
    claims, token::Token,
};

/// The keys of one issuer, kept and renewed, and the place where its tokens are verified. Clones share the keys.
///
/// - Keys are kept for as long as the provider permits, within the bounds of [`KeyCacheSettings`], and renewed in the
///   background shortly before that. If the provider does not answer then, they serve further
///   ([`KeyCacheSettings::stale_for`]).
/// - A token with an unknown `kid` causes a fetch, at most once in [`KeyCacheSettings::cool_down`].
/// - There is one fetch at a time. It runs in a task of its own: a request that is cancelled does not cancel it.
/// - An answer without usable keys never replaces keys.
///
/// Its methods must be called inside a tokio runtime with time enabled.
#[derive(Clone)]
pub struct KeyCache {
    shared: Shared,
}

impl KeyCache {
    /// An empty cache. The first token, or [`warm`](Self::warm), fills it.
    pub fn new(source: Arc<dyn KeySource>, settings: KeyCacheSettings, clock: Clock) -> Self {
        let observer: shared::Observer = Arc::new(|_| {});
        let state = Arc::new(Mutex::default());
        Self { shared: Shared { source, settings: Arc::new(settings), clock, observer, state } }
    }

    /// Tells `observer` the outcome of every fetch that this value or one of its later clones begins, and each time that
    /// one was held back. For metrics: it must return at once.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(FetchOutcome) + Send + Sync + 'static) -> Self {
        self.shared.observer = Arc::new(observer);
        self
    }

    /// Verifies a token.
    ///
    /// The header is checked before any key is looked for, so a token that is refused anyway causes no fetch.
    ///
    /// # Errors
    ///
    /// If the token breaks one of the rules, no key of the provider has signed it, or the keys are not available.
    pub async fn verify(&self, token: &str, rules: &Rules) -> Result<Verified, TokenError> {
        let token = Token::parse(token, rules)?;
        let held = self.current().await?;
        match held.keys.check_signature(&token) {
            Err(error) if may_be_of_a_newer_key(&error, &token) => {
                let newer = self.newer_than(&held).await?.ok_or(error)?;
                newer.keys.check_signature(&token)?;
            }
            checked => checked?,
        }
        claims::check(&token, rules, (self.shared.clock)())
    }

    /// Fetches the keys now, or waits for the fetch that is under way. For the start, and for renewal by a timer.
    ///
    /// # Errors
    ///
    /// If the provider does not answer with usable keys. Earlier keys stay.
    pub async fn warm(&self) -> Result<(), KeySourceError> {
        let flight = self.shared.board(self.shared.state());
        flight.landed().await.map(|_| ())
    }

    /// What the cache holds.
    pub fn status(&self) -> KeyStatus {
        self.shared.state().status()
    }

    /// The keys to try first.
    async fn current(&self) -> Result<Arc<Held>, TokenError> {
        let now = (self.shared.clock)();
        let (flight, stale) = {
            let mut state = self.shared.state();
            match state.plan(now, &self.shared.settings) {
                Plan::Serve(held) => return Ok(held),
                Plan::Renew(held) => {
                    self.shared.board(state);
                    return Ok(held);
                }
                Plan::Unavailable(error) => return Err(TokenError::KeysUnavailable(error.to_string())),
                Plan::Wait { stale } => {
                    // Of those who wait, nobody needs to ask again for an unknown `kid`.
                    state.asked_for_unknown(now);
                    (self.shared.board(state), stale)
                }
            }
        };
        let landing = flight.landed().await;
        landing.or_else(|error| stale.ok_or_else(|| TokenError::KeysUnavailable(error.to_string())))
    }

    /// Keys that were fetched after these, for a token that these do not know. `None` if there are none, and the provider
    /// was asked a short time ago.
    async fn newer_than(&self, tried: &Held) -> Result<Option<Arc<Held>>, TokenError> {
        let now = (self.shared.clock)();
        let unavailable = |error: KeySourceError| TokenError::KeysUnavailable(error.to_string());
        let flight = {
            let mut state = self.shared.state();
            match state.newer_than(tried, now, &self.shared.settings) {
                Newer::There(newer) => return Ok(Some(newer)),
                Newer::CooledDown(failure) => {
                    drop(state);
                    (self.shared.observer)(FetchOutcome::CooledDown);
                    return failure.map_or(Ok(None), |error| Err(unavailable(error)));
                }
                Newer::Ask => {
                    state.asked_for_unknown(now);
                    self.shared.board(state)
                }
            }
        };
        flight.landed().await.map(Some).map_err(unavailable)
    }
}

/// Whether a key that was not there yet may have signed the token. Without `kid`, a wrong signature looks the same.
fn may_be_of_a_newer_key(error: &TokenError, token: &Token<'_>) -> bool {
    *error == TokenError::UnknownKey || (*error == TokenError::Signature && token.kid.is_none())
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyCache")
            .field("settings", &self.shared.settings)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
