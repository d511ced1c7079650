//! The second step of a sign-in: a code of an authenticator app (RFC 6238), or one of ten recovery codes.
//!
//! # Security
//!
//! - A sign-in with a password or an e-mailed link gives a [challenge](challenges) in place of tokens. Nothing else can be
//!   done with it than present a code, for ten minutes.
//! - A code is accepted once, within one step of 30 seconds before or after its own (RFC 6238, section 5.2).
//! - Wrong codes of an app make the next one [wait](tries), longer each time. Only whoever has the password gets so far, so
//!   no stranger can make a person wait. A recovery code never waits: it has 80 bits, and nobody guesses it.
//! - The secret of an app is sealed under a key of the key file. Recovery codes and challenges are stored as hashes.

pub(crate) mod authenticator;
pub(crate) mod challenges;
mod code;
mod enrolment;
mod recovery_codes;
mod tries;
mod verdict;
pub(crate) mod waiting;

pub(crate) use self::code::Code;
