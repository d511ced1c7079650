//! How long things are good, by the contract.

use std::time::Duration;

/// For how long the same refresh token and key give the same pair.
pub(crate) const REPEATABLE_FOR: Duration = Duration::from_mins(10);

/// For how long a rotated token is good beside its successor, in the style with a time of grace.
pub(crate) const GRACE: Duration = Duration::from_mins(1);

/// How long an access token lives; the lives of the others are settings of a run.
pub(crate) const ACCESS_TTL: Duration = Duration::from_mins(20);

/// How long a refresh token of `jwt_sessions` lives, from the sign-in on: longer than any session here.
pub(super) const LIFE_WITHOUT_ROTATION: Duration = Duration::from_hours(7 * 24);

/// How long a session of Better Auth lives from a renewal on (`session.expiresIn`): short enough that a renewal that got
/// lost is missed within a world.
pub(crate) const SESSION_LIFE: Duration = Duration::from_hours(36);

/// It has its full life again with the first call after this time (`session.updateAge`).
pub(super) const RENEWED_AFTER: Duration = Duration::from_hours(6);

/// For so long after a sign-in, a person may list their sessions at Better Auth (`session.freshAge`).
pub(super) const FRESH_FOR: Duration = Duration::from_hours(24);
