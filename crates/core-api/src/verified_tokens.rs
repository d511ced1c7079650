//! Access tokens whose signature is known to be ours.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    keys::Keys,
    tokens::{self, AccessClaims},
};

/// They take less than two megabytes. When there is one more, all are forgotten, because choosing one to replace is not
/// worth the effort.
const CAPACITY: usize = 10_000;

/// What an access token says about its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) user: Uuid,
    pub(crate) family: Uuid,
    /// In seconds since 1970.
    pub(crate) iat: i64,
    /// In seconds since 1970. The caller checks it.
    pub(crate) exp: i64,
}

/// Remembers tokens by their SHA-256. Checking an Ed25519 signature takes longer than the rest of most requests, and
/// one token comes with many of them.
#[derive(Default)]
pub(crate) struct VerifiedTokens(Mutex<HashMap<[u8; 32], Bearer>>);

impl VerifiedTokens {
    /// The bearer of this token, if it is an access token with our signature.
    pub(crate) fn bearer(&self, token: &str, keys: &Keys) -> Option<Bearer> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self.with(|tokens| tokens.get(&hash).copied());
        known.or_else(|| {
            let AccessClaims { sub, fam, iat, exp, .. } = keys.verify(tokens::ACCESS, token)?;
            let bearer = Bearer { user: sub, family: fam, iat, exp };
            self.with(|tokens| {
                if tokens.len() >= CAPACITY {
                    tokens.clear();
                }
                tokens.insert(hash, bearer);
            });
            Some(bearer)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<[u8; 32], Bearer>) -> T) -> T {
        // Nothing in it can be half done.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::keys::Secret;

    fn keys(seed: u8) -> Keys {
        Keys::derive_from(&Secret::generate(&(Arc::new(move |bytes: &mut [u8]| bytes.fill(seed)) as _)))
            .unwrap()
    }

    fn token(keys: &Keys, token_type: &str, exp: i64) -> String {
        let claims = AccessClaims {
            sub: Uuid::from_u128(1),
            email: "ada@example.com".to_owned(),
            iat: 0,
            exp,
            fam: Uuid::from_u128(2),
            mark: None,
        };
        keys.sign(token_type, &claims).unwrap()
    }

    #[test]
    fn a_token_is_checked_once() {
        let (ours, known) = (keys(1), VerifiedTokens::default());
        let token = token(&ours, tokens::ACCESS, 100);
        let bearer = Bearer { user: Uuid::from_u128(1), family: Uuid::from_u128(2), iat: 0, exp: 100 };
        assert_eq!(known.bearer(&token, &ours), Some(bearer));
        let others = keys(2);
        assert_eq!(known.bearer(&token, &others), Some(bearer), "nobody asks the keys again");
        assert_eq!(VerifiedTokens::default().bearer(&token, &others), None);
    }

    #[test]
    fn one_that_is_known_vouches_for_no_other() {
        let (ours, known) = (keys(1), VerifiedTokens::default());
        let good = token(&ours, tokens::ACCESS, 100);
        assert!(known.bearer(&good, &ours).is_some());
        let (signed, _) = good.rsplit_once('.').unwrap();
        let forged = token(&keys(2), tokens::ACCESS, 100);
        let (_, foreign_signature) = forged.rsplit_once('.').unwrap();
        for bad in [
            format!("{signed}."),
            format!("{signed}.{foreign_signature}"),
            format!("{good}A"),
            forged.clone(),
            token(&ours, tokens::EMAIL_VERIFICATION, 100),
        ] {
            for _ in 0..2 {
                assert_eq!(known.bearer(&bad, &ours), None, "{bad}");
            }
        }
    }

    #[test]
    fn no_more_are_remembered_than_fit() {
        let (keys, known) = (keys(1), VerifiedTokens::default());
        known.with(|tokens| {
            for number in 0..CAPACITY {
                let mut hash = [0; 32];
                hash[..8].copy_from_slice(&number.to_le_bytes());
                tokens.insert(hash, Bearer { user: Uuid::nil(), family: Uuid::nil(), iat: 0, exp: 0 });
            }
        });
        assert!(known.bearer(&token(&keys, tokens::ACCESS, 100), &keys).is_some());
        assert_eq!(known.with(|tokens| tokens.len()), 1);
    }
}
