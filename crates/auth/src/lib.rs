#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-auth holds tokens and is for the server only: the browser half must not depend on it"
);

mod accounts;
#[cfg(feature = "conformance")]
pub mod conformance;
mod core_api;
mod event;
mod grant;
mod head;
mod lifecycle;
#[cfg(feature = "mutants")]
pub mod mutants;
mod provider;
mod secret;
mod session_key;
mod spawner;
mod transport;

pub use accounts::{AccountError, Accounts, AuthorizedCalls, CallError, FieldError};
pub use core_api::{CoreApiProvider, CoreApiSettings};
pub use event::{Event, Observer, nobody};
pub use grant::{Field, Grant};
pub use head::{Head, HeadState, HeadVersion, Heads, HeadsError, Holder, Keep, KeptHead, MemoryHeads};
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, Random, system_clock, system_random};
pub use lifecycle::{Due, Ensured, HeadRead, Lifecycle, LifecycleSettings, Patience, Rotated};
pub use provider::{
    AuthorizationRequest, Caller, EndReason, Identity, Provider, RefreshOutcome, RefreshTiming, Rejection,
    ReuseCost, SignIn, SignInError, SignOut, SignedIn,
};
pub use secret::SecretText;
pub use session_key::SessionKey;
pub use spawner::{Spawner, Task, tokio_spawner};
pub use transport::{
    BreakerSettings, BreakerState, CircuitBreaker, Request, Response, Transport, TransportError,
};
#[cfg(feature = "http")]
pub use transport::{HttpSettings, HttpTransport};
