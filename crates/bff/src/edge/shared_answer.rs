//! The answer to a form, for the other processes of this application.

use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, response};
use ironleaf_session::{Decoder, Encoder, Purpose};
use ironleaf_store::{Body, Draft, Durability, Eviction, Expected, Holder, Key, StoreError};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::once::KEPT_FOR;
use crate::Bff;

/// Somebody waits for it, and a form may take this long.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Who acts upon the form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Ours,
    /// Another process does, or did.
    Taken,
    /// The store does not say: it is acted upon here.
    Unknown,
}

pub(super) struct SharedAnswer {
    bff: Bff,
    key: Key,
    holder: Holder,
}

impl SharedAnswer {
    pub(super) fn new(bff: &Bff, form: &super::once::Key) -> Self {
        // SECURITY: the store sees a hash with a domain of its own.
        let hash =
            Sha256::new().chain_update("ironleaf/v1/form").chain_update([0]).chain_update(form).finalize();
        let mut holder = [0; 16];
        bff.fill_random(&mut holder);
        Self { bff: bff.clone(), key: Key::from_bytes(hash.into()), holder: Holder::from_bytes(holder) }
    }

    pub(super) async fn claim(&self) -> Place {
        match self.bff.store().acquire(&self.key, &self.holder, KEPT_FOR).await {
            Ok(true) => Place::Ours,
            Ok(false) => Place::Taken,
            Err(error) => {
                self.note(&error);
                Place::Unknown
            }
        }
    }

    /// What the other process has answered, once it has. `None` where it never does.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, with a deadline")]
    pub(super) async fn of_another(&self) -> Option<(response::Parts, Bytes)> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.bff.store().read(&[self.key]).await {
                Ok(found) => {
                    if let Some(sealed) = found.into_iter().flatten().find_map(|record| record.body) {
                        return self.open(&sealed);
                    }
                }
                Err(error) => self.note(&error),
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        None
    }

    /// Nothing came of it: whoever is next may try.
    pub(super) async fn give_back(&self) {
        if let Err(error) = self.bff.store().release(&self.key, &self.holder).await {
            self.note(&error);
        }
    }

    pub(super) async fn leave(&self, answer: &(response::Parts, Bytes)) {
        let bytes = self.seal(answer).into_bytes();
        let body = Some(Body { bytes, ttl: KEPT_FOR, eviction: Eviction::First });
        let draft = Draft { mark: Vec::new(), mark_ttl: KEPT_FOR, body, durability: Durability::Relaxed };
        if let Err(error) = self.bff.store().write(&self.key, Expected::Anything, draft).await {
            self.note(&error);
        }
    }

    #[expect(clippy::unused_self, reason = "it is about this answer")]
    fn note(&self, error: &StoreError) {
        tracing::debug!(%error, "an answer to a form is known to this process alone");
    }

    /// SECURITY: the cookies of the answer are a session.
    fn seal(&self, (head, body): &(response::Parts, Bytes)) -> String {
        let mut out = Encoder::new();
        out.varint(head.status.as_u16().into());
        out.varint(head.headers.len() as u64);
        for (name, value) in &head.headers {
            out.str(name.as_str());
            out.bytes(value.as_bytes());
        }
        out.bytes(body);
        self.bff.sealer().seal(Purpose::Head, &self.context(), &out.finish())
    }

    fn open(&self, sealed: &[u8]) -> Option<(response::Parts, Bytes)> {
        let sealed = std::str::from_utf8(sealed).ok()?;
        let unsealed = self.bff.sealer().unseal(Purpose::Head, &self.context(), sealed).ok()?;
        let mut input = Decoder::new(&unsealed.plaintext);
        let (mut head, ()) = http::Response::new(()).into_parts();
        head.status = StatusCode::from_u16(input.varint().ok()?.try_into().ok()?).ok()?;
        for _ in 0..input.varint().ok()? {
            let name = HeaderName::from_bytes(input.str().ok()?.as_bytes()).ok()?;
            head.headers.append(name, HeaderValue::from_bytes(input.bytes().ok()?).ok()?);
        }
        let body = Bytes::copy_from_slice(input.bytes().ok()?);
        Some((head, body))
    }

    fn context(&self) -> String {
        hex::encode(self.key.as_bytes())
    }
}
