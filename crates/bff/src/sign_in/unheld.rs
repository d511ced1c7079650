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
            if current.is_some_and(|current| is_one_sign_in(current.payload.grant(), self.grant())) {
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

/// Whether two grants are of one sign-in at the provider, as after a re-authentication there. Some providers end the
/// whole sign-in when one of its refresh tokens is revoked, so only the living grant is revoked, later. Others issue the
/// same tokens to two sign-ins within one second, so to revoke one is to revoke the other.
pub(super) fn is_one_sign_in(over: &Grant, living: &Grant) -> bool {
    let has_one_sid = over.provider_sid.is_some() && over.provider_sid == living.provider_sid;
    let has_the_same_secrets = over.fields().len() > 0 && over.fields().eq(living.fields());
    has_one_sid || has_the_same_secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_grants_are_of_one_sign_in_if_the_provider_or_their_secrets_say_so() {
        let of_sid = |sid: &str| {
            let mut grant = Grant::default();
            grant.provider_sid = Some(sid.to_owned());
            grant
        };
        assert!(is_one_sign_in(&of_sid("s1").with(1, "a"), &of_sid("s1").with(1, "b")));
        assert!(!is_one_sign_in(&of_sid("s1").with(1, "a"), &of_sid("s2").with(1, "b")));
        let tokens = |refresh: &str| Grant::default().with(1, "access").with(2, refresh);
        assert!(is_one_sign_in(&tokens("r1"), &tokens("r1")));
        assert!(!is_one_sign_in(&tokens("r1"), &tokens("r2")));
        assert!(!is_one_sign_in(&Grant::default(), &Grant::default()), "nothing is known of either");
    }
}
