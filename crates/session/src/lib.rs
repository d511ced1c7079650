#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-session holds the keys of the server; it must never reach a browser");

mod ambient;
mod base64url;
pub mod codec;
mod context;
mod cookie;
mod envelope;
mod extract;
mod flash;
mod key_ring;
mod layer;
mod ledger;
mod payload;
mod sealer;
mod secret;
mod session;
mod settings;
mod wiped;

pub use codec::{Decoder, Encoder};
pub use envelope::{Owner, Record, SessionId};
pub use extract::SessionLayerMissing;
pub use flash::{Flash, FlashCookie, FlashKind, Worth};
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, Random, system_clock, system_random};
pub use key_ring::{KeyEvidence, KeyId, KeyRing, KeyRingError, KeyRole};
pub use layer::{SessionLayer, SessionService};
pub use ledger::{
    Advance, Identity, Known, Ledger, LedgerError, LedgerFuture, MemoryLedger, Passage, RotationOrigin,
    Standing, Tombstone,
};
pub use payload::{Payload, PayloadError, Serde};
pub use sealer::{Purpose, Sealer, UnsealError, Unsealed};
pub use secret::{Secret, SecretError};
pub use session::{Arrival, Beginning, Leaving, Left, Overtaken, Refused, Session, SessionTooLarge};
pub use settings::{SessionSettings, SettingsError};
pub use wiped::Wiped;
