#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-bff holds tokens and is for the server only: the browser half must not depend on it"
);

mod account;
mod account_use_case;
mod address_hash;
mod back_channel_logout;
mod bff;
mod calls;
mod change;
mod code;
mod confirm;
mod detached;
mod device;
pub mod edge;
mod emailed_link;
mod ended_session;
mod ending;
mod extract;
mod failure;
mod few_lines;
mod forwarded;
mod guest;
mod guest_end;
mod limits;
mod missing_layer;
mod new_password;
mod origin;
mod page_of;
mod passkeys;
mod passwords;
mod pending_code;
mod people;
mod problem;
mod redirect;
mod refresh;
mod register;
mod remember;
mod request_context;
mod requested_mail;
mod return_to;
mod sealing_ledger;
mod seals;
mod second_factor;
mod session_budget;
mod session_layer;
mod session_state;
mod sessions;
mod sign_in;
mod sign_in_mark;
mod sign_out;
mod signed_out;
mod time_left;
mod told;
mod use_case;
mod wants;

/// The normal form of e-mail addresses and passwords, for forms that check them.
pub use ironleaf_credentials as credentials;

pub use account::{delete_account, resend_verification, update_account};
pub use back_channel_logout::LogoutFailure;
pub use bff::{Bff, BffSettings};
pub use calls::CoreApi;
pub use change::{EmailChange, change_email, change_password};
pub use code::sign_in_with_code;
pub use confirm::{ConfirmFailure, confirm_password, signed_in_recently};
pub use device::Device;
pub use emailed_link::{
    PASSWORD_LINK, PasswordLink, RESTORATION_LINK, RestorationLink, SIGN_IN_LINK, SignInLink,
    VERIFICATION_LINK, VerificationLink, request_password_reset, request_sign_in_link, reset_password,
    restore_address, sign_in_with_link, verify_email,
};
pub use extract::{MaybeUser, session_cannot_be_checked, signed_in_person};
pub use failure::AccountFailure;
pub use forwarded::{Attached, EndedSessions, StreamSession, introduce};
pub use guest::GuestFailure;
pub use limits::{Allowance, InvalidAllowance, RateLimits};
pub use missing_layer::MissingLayer;
pub use new_password::weakness_of;
pub use origin::{InvalidOrigin, PublicOrigin};
pub use page_of::{other_than, page_of};
pub use passkeys::{
    PasskeyFailure, add_passkey, begin_passkey, begin_passkey_sign_in, passkeys, remove_passkey,
    rename_passkey, sign_in_with_passkey,
};
pub use passwords::{Blocklist, BlocklistError, PasswordPolicy, Strength, UnknownStrength, Weakness};
pub use pending_code::{PENDING_CODE, PendingCode};
pub use people::{PersonFailure, SeenPerson, delete_person, resend_verification_of, set_role};
pub use problem::{Problem, ProblemKind};
pub use redirect::{
    RedirectAnswer, RedirectEnd, RedirectFailure, RedirectQuery, Refused, finish_redirect,
    start_reauthentication, start_redirect,
};
pub use refresh::refresh_before_rendering;
pub use register::{Registered, register};
pub use remember::Remember;
pub use return_to::ReturnTo;
pub use second_factor::{
    ENROLMENT, NewApp, RECOVERY_CODES, RecoveryCodes, begin_second_factor, disable_second_factor,
    enable_second_factor, replace_recovery_codes, second_factor,
};
pub use session_budget::require_room_to_refresh;
pub use session_layer::FLASHES;
pub use session_state::{LiveSession, SessionState};
pub use sessions::{
    PersonSession, PersonSessions, SessionEnd, end_all_sessions, end_other_sessions, end_session, sessions,
};
pub use sign_in::{MAX_EMAIL_BYTES, SignInFailure, sign_in_with_password};
pub use sign_out::{is_back_from_sign_out, sign_out};
pub use signed_out::SignedOutReason;
pub use time_left::time_left;
pub use wants::Wants;

// What pages and server functions need from the crates below. No type among these holds a token.
pub use ironleaf_api_types::{Role, User};
pub use ironleaf_auth::{
    AccountAbility, AccountError, Activity, ActivityKind, CallError, EmailAddress, EndReason, FieldError,
    FieldReason, KnownRole, Passkey, PasskeyRefusal, PasskeyRequest, PeopleListing, PeopleOrder, PeoplePage,
    Person, RedirectSignIn, SecondFactorState,
};
pub use ironleaf_auth::{Request as ApiRequest, Response as ApiResponse};
pub use ironleaf_session::{
    Flash, FlashCookie, FlashKind, OwnCacheControl, Payload, PayloadError, Worth, codec,
};

/// The session of this application: a [`Principal`](ironleaf_records::Principal) in a sealed cookie.
///
/// SECURITY: neither type is exported. Code that can name them can encode the grant, and then a token is one line away
/// from a page.
type Session = ironleaf_session::Session<ironleaf_records::Principal>;
