//! What is kept between the beginning and the end of a registration or a sign-in (Web Authentication calls both
//! ceremonies): sealed, with the caller.
//!
//! Beginning one writes nothing, so that nobody fills the database. A completed one is remembered until it expires.
//! An answer that is refused completes nothing: it needs the private key to be accepted, however often it is
//! presented. One that the key has signed, and that is refused for its counter, completes it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use crate::{CoreApi, error::ApiError, timestamp::Timestamp};

/// How long a person has for it. Browsers give up after half of this time.
const LIFE: Duration = Duration::from_mins(10);

/// What a ceremony is for. One for one purpose is void for another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Registration,
    SignIn,
}

impl Purpose {
    const fn associated_data(self) -> &'static [u8] {
        match self {
            Self::Registration => b"registration",
            Self::SignIn => b"sign-in",
        }
    }
}

/// What a browser is asked, and what the caller presents with its answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    /// For `navigator.credentials`, in JSON (Web Authentication Level 3, sections 5.1.8 and 5.1.9).
    options: serde_json::Value,
    /// Opaque.
    state: String,
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Sealed<S> {
    expires_at: i64,
    state: S,
}

/// One that has not expired. Whether it was completed before shows when it is [completed](Self::complete).
pub(super) struct Ceremony<S> {
    pub(super) state: S,
    hash: [u8; 32],
    expires_at: Timestamp,
}

impl CoreApi {
    pub(super) fn seal_ceremony(
        &self,
        purpose: Purpose,
        options: serde_json::Value,
        state: &impl Serialize,
    ) -> Result<Begun, ApiError> {
        let expires_at = self.now().plus(LIFE);
        let sealed = serde_json::to_vec(&Sealed { expires_at: expires_at.millis(), state })?;
        let sealed = self.keys().seal_ceremony(purpose.associated_data(), &sealed, &self.config().random);
        Ok(Begun { options, state: URL_SAFE_NO_PAD.encode(sealed), expires_at })
    }

    pub(super) fn unseal_ceremony<S: DeserializeOwned>(
        &self,
        purpose: Purpose,
        text: &str,
    ) -> Result<Ceremony<S>, ApiError> {
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| ApiError::InvalidToken)?;
        let plain = self.keys().unseal_ceremony(purpose.associated_data(), &sealed);
        // One from before an update may have another form. It is over as well.
        let sealed_state = serde_json::from_slice(&plain.ok_or(ApiError::InvalidToken)?);
        let Sealed { expires_at, state } = sealed_state.map_err(|_| ApiError::InvalidToken)?;
        let expires_at = Timestamp::from_millis(expires_at);
        if expires_at <= self.now() {
            return Err(ApiError::InvalidToken);
        }
        Ok(Ceremony { state, hash: Sha256::digest(&sealed).into(), expires_at })
    }
}

impl<S> Ceremony<S> {
    /// Uses it up, with the transaction.
    pub(super) async fn complete(
        &self,
        connection: &mut SqliteConnection,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        sqlx::query("DELETE FROM completed_ceremonies WHERE expires_at <= ?")
            .bind(now.millis())
            .execute(&mut *connection)
            .await?;
        let first =
            sqlx::query("INSERT OR IGNORE INTO completed_ceremonies (hash, expires_at) VALUES (?, ?)")
                .bind(&self.hash[..])
                .bind(self.expires_at.millis())
                .execute(connection)
                .await?;
        if first.rows_affected() == 1 { Ok(()) } else { Err(ApiError::InvalidToken) }
    }
}
