#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-session holds the keys of the server; it must never reach a browser");

mod ambient;
mod base64url;
mod cache_control;
pub mod codec;
mod context;
mod cookie;
mod envelope;
mod extract;
mod flash;
mod key_ring;
mod layer;
mod ledger;
mod owner;
mod payload;
mod payload_error;
mod purpose;
mod sealer;
mod secret;
mod session;
mod session_id;
mod settings;
mod wiped;

pub use cache_control::OwnCacheControl;
pub use codec::{Decoder, Encoder};
pub use envelope::Record;
pub use extract::SessionLayerMissing;
pub use flash::{Flash, FlashCookie, FlashKind, Worth};
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, Random, system_clock, system_random};
pub use key_ring::{KeyEvidence, KeyId, KeyRing, KeyRingError, KeyRole};
pub use layer::{SessionLayer, SessionService};
pub use ledger::{
    Advance, Identity, Known, Ledger, LedgerError, LedgerFuture, MemoryLedger, Passage, RotationOrigin,
    Standing, Tombstone,
};
pub use owner::Owner;
pub use payload::{Payload, Serde};
pub use payload_error::PayloadError;
pub use purpose::Purpose;
pub use sealer::{Sealer, UnsealError, Unsealed};
pub use secret::{Secret, SecretError};
pub use session::{Arrival, Beginning, Leaving, Left, Overtaken, Refused, Session, SessionTooLarge};
pub use session_id::SessionId;
pub use settings::{SessionSettings, SettingsError};
pub use wiped::Wiped;
