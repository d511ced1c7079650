//! Passwords: argon2id, off the async threads, a limited number at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use ironleaf_credentials::password::{Unusable, opaque_string, readings};
use tokio::{sync::Semaphore, task};
use zeroize::Zeroizing;

use crate::config::{PasswordCost, Random};

/// A new password, in the form of RFC 8265. It cannot be printed and is wiped when dropped.
#[derive(Clone)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    pub(crate) fn new(text: &str) -> Result<Self, Unusable> {
        opaque_string(text).map(Self)
    }

    /// In characters, not in bytes.
    pub(crate) fn length(&self) -> usize {
        self.0.chars().count()
    }
}

/// A password that somebody claims to have. It may be stored in its normal form or, from earlier versions, as typed. So
/// both forms are checked if they differ.
pub(crate) struct Claim(Zeroizing<String>);

impl Claim {
    pub(crate) fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    #[error("argon2 refused its input: {0}")]
    Argon2(#[from] argon2::password_hash::Error),
    #[error("argon2 does not accept this cost: {0}")]
    Cost(argon2::Error),
    #[error("the hashing task ended early: {0}")]
    Task(#[from] task::JoinError),
}

pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    random: Random,
    /// Belongs to nobody. An unknown address is checked against it, so that it takes as long as a known one.
    nobodys_hash: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost, concurrent: usize, random: Random) -> Result<Self, HashingError> {
        let params =
            Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(HashingError::Cost)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut nobodys_password = Zeroizing::new([0; 16]);
        random(&mut nobodys_password[..]);
        let nobodys_hash = argon2.hash_password_with_salt(&nobodys_password[..], &salt(&random))?;
        Ok(Self {
            argon2,
            turns: Arc::new(Semaphore::new(concurrent)),
            random,
            nobodys_hash: nobodys_hash.to_string().into(),
        })
    }

    /// The PHC string to store.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashingError> {
        let salt = salt(&self.random);
        self.in_turn(move |argon2| {
            Ok(argon2.hash_password_with_salt(password.0.as_bytes(), &salt)?.to_string())
        })
        .await
    }

    /// Whether the password matches the hash.
    ///
    /// # Security
    ///
    /// Without a hash (an unknown address, or a person without a password) it takes the same time and returns false.
    /// The time depends only on what was typed.
    pub(crate) async fn verify(&self, claim: Claim, hash: Option<&str>) -> Result<bool, HashingError> {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| self.nobodys_hash.clone(), Arc::from);
        self.in_turn(move |argon2| {
            for reading in readings(&claim.0) {
                match argon2.verify_password(reading.as_bytes(), &*hash) {
                    Ok(()) => return Ok(known),
                    Err(argon2::password_hash::Error::PasswordInvalid) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(false)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        let argon2 = self.argon2.clone();
        // The turn moves into the task: a client that disconnects does not allow a second hash beside its own.
        task::spawn_blocking(move || {
            let result = work(&argon2);
            drop(turn);
            result
        })
        .await?
    }
}

fn salt(random: &Random) -> [u8; 16] {
    let mut salt = [0; 16];
    random(&mut salt);
    salt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(PasswordCost::FOR_TESTS, 1, crate::system_random()).unwrap()
    }

    #[tokio::test]
    async fn what_was_stored_as_it_was_typed_still_signs_in() {
        let passwords = passwords();
        // As this API stored them before there was a normal form.
        for typed in ["gru\u{308}nspan", "with\u{a0}a space", "with\ta tab", "password1"] {
            let stored = passwords.hash(Password(Zeroizing::new(typed.to_owned()))).await.unwrap();
            assert!(passwords.verify(Claim::new(typed), Some(&stored)).await.unwrap(), "{typed:?}");
            let other = Claim::new("another password");
            assert!(!passwords.verify(other, Some(&stored)).await.unwrap());
            assert!(!passwords.verify(Claim::new(typed), None).await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_is_stored_now_signs_in_however_it_is_typed() {
        let passwords = passwords();
        let stored = passwords.hash(Password::new("gru\u{308}n\u{3000}span").unwrap()).await.unwrap();
        for typed in ["grün span", "gru\u{308}n span", "grün\u{a0}span"] {
            assert!(passwords.verify(Claim::new(typed), Some(&stored)).await.unwrap(), "{typed}");
        }
        assert!(!passwords.verify(Claim::new("grünspan"), Some(&stored)).await.unwrap());
    }
}
