use std::mem::take;
use std::time::SystemTime;

use ironleaf_auth::{Grant, SignedIn};

use crate::use_case::UseCase;

/// A sign-in whose grant no session holds yet. When it is dropped, the grant is given back, so a browser that goes away
/// at any step leaves no grant that nobody can revoke.
pub(crate) struct Unheld {
    use_case: UseCase,
    signed_in: SignedIn,
    /// When the provider was asked.
    pub(super) begun_at: SystemTime,
    is_held: bool,
}

impl Unheld {
    pub(super) const fn new(use_case: UseCase, signed_in: SignedIn, begun_at: SystemTime) -> Self {
        Self { use_case, signed_in, begun_at, is_held: false }
    }

    pub(crate) const fn grant(&self) -> &Grant {
        &self.signed_in.grant
    }

    /// Whether it is the grant of somebody who has not signed in.
    pub(crate) fn is_of_guest(&self) -> bool {
        self.grant().identity.as_ref().is_some_and(|identity| identity.is_guest)
    }

    pub(crate) const fn authenticated_at(&self) -> SystemTime {
        self.signed_in.authenticated_at
    }

    /// From here on, a session holds the grant.
    pub(super) fn hand_over(mut self) {
        self.is_held = true;
    }
}

impl Drop for Unheld {
    fn drop(&mut self) {
        if !self.is_held {
            let current = self.use_case.session.current();
            let provider = self.use_case.bff.provider();
            if current.is_some_and(|current| provider.is_one_sign_in(current.payload.grant(), self.grant())) {
                tracing::info!(
                    "a sign-in was not completed; its grant is of the same sign-in as the session"
                );
                return;
            }
            tracing::info!("a sign-in was not completed; its grant is revoked");
            let (lifecycle, grant) = (self.use_case.bff.lifecycle(), take(&mut self.signed_in.grant));
            // It runs in the background and logs its own failures.
            drop(lifecycle.give_back(&self.use_case.caller, grant));
        }
    }
}
