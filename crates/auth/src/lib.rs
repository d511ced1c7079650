#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-auth holds tokens and is for the server only: the browser half must not depend on it"
);

mod accounts;
mod caller;
#[cfg(feature = "conformance")]
pub mod conformance;
mod event;
mod grant;
mod head;
mod lifecycle;
mod logout;
#[cfg(feature = "mutants")]
pub mod mutants;
mod own_sessions;
mod passkeys;
mod people;
mod provider;
mod refresh;
mod second_factor;
mod secret;
mod session_key;
mod sign_in;
mod spawner;
mod transport;

pub use accounts::{
    AccountAbility, AccountError, Accounts, Activity, ActivityKind, AuthorizedCalls, CallError, FieldError,
    FieldReason,
};
pub use caller::Caller;
pub use event::{Event, Observer, nobody};
pub use grant::{Field, Grant, Identity};
pub use head::{
    AttemptId, Head, HeadState, HeadVersion, Heads, HeadsError, Holder, Keep, KeptHead, MemoryHeads,
    NotBefore,
};
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, Random, system_clock, system_random};
pub use ironleaf_api_types::Role;
pub use ironleaf_credentials::email::EmailAddress;
pub use lifecycle::{Due, Ensured, HeadRead, Lifecycle, LifecycleSettings, Rotated, TimeLimits};
pub use logout::{EndedAtProvider, LogoutNotice, LogoutTokenError};
pub use own_sessions::{OwnSession, OwnSessions};
pub use passkeys::{Passkey, PasskeyError, PasskeyRefusal, PasskeyRequest, Passkeys};
pub use people::{KnownRole, People, PeopleListing, PeopleOrder, PeoplePage, Person, PersonChange};
pub use provider::{Asked, BaseUrl, Change, Observed, Provider};
pub use refresh::{EndReason, RefreshOutcome, RefreshTiming, Rejection, Repetition, Rest};
pub use second_factor::{Challenge, Enrolment, SecondFactor, SecondFactorState};
pub use secret::SecretText;
pub use session_key::{SessionKey, Subject};
pub use sign_in::{AuthorizationRequest, RedirectSignIn, SignIn, SignInError, SignOutReturn, SignedIn};
pub use spawner::{Spawner, Task, tokio_spawner};
#[cfg(feature = "http")]
pub use transport::{AnswerBody, HttpForwarder, HttpSettings, HttpTransport};
pub use transport::{
    BreakerSettings, BreakerState, CircuitBreaker, Request, Response, Transport, TransportError,
};
