//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use super::{challenge, policy::Policy, service::RequireAccessTokenService};
use crate::{KeyCache, Rules};

/// Lets only requests with an access token through. The [module](crate::require_access_token) says how.
#[derive(Clone, Debug)]
pub struct RequireAccessToken {
    policy: Arc<Policy>,
}

impl RequireAccessToken {
    /// Requires a token that these keys and rules accept: [`Rules::access_token`], or [`Rules::plain_access_token`] for a
    /// provider that does not follow RFC 9068.
    pub fn new(keys: KeyCache, rules: Rules) -> Self {
        let policy = Policy { keys, rules, scopes: Vec::new(), realm: "api".to_owned() };
        Self { policy: Arc::new(policy) }
    }

    /// Requires all of these scopes as well.
    ///
    /// # Panics
    ///
    /// If one is not a scope of RFC 6749 section 3.3: printable ASCII without spaces, quotes and backslashes.
    #[must_use]
    pub fn with_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        let policy = Arc::make_mut(&mut self.policy);
        policy.scopes.extend(scopes.into_iter().map(Into::into));
        for scope in &policy.scopes {
            assert!(challenge::is_scope(scope), "{scope:?} is not a scope");
        }
        self
    }

    /// The name of what is protected, as `WWW-Authenticate` shows it. Without this it is `api`.
    ///
    /// # Panics
    ///
    /// If it is empty, or contains anything but printable ASCII without quotes and backslashes.
    #[must_use]
    pub fn with_realm(mut self, realm: impl Into<String>) -> Self {
        let realm = realm.into();
        assert!(challenge::is_realm(&realm), "{realm:?} is not a realm");
        Arc::make_mut(&mut self.policy).realm = realm;
        self
    }
}

impl<S> Layer<S> for RequireAccessToken {
    type Service = RequireAccessTokenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireAccessTokenService::new(inner, Arc::clone(&self.policy))
    }
}
