use std::time::{Duration, SystemTime};

use http::request::Parts;
use ironleaf_records::Principal;
use ironleaf_session::Record;

use crate::Bff;
use crate::extract::trusted_person;
use crate::request_context::live_session;

/// How long the session of the signed-in person lasts at most, whatever they do: until its absolute timeout, or until
/// the end of its grant where no refresh moves that. Only another sign-in, such as
/// [`confirm_password`](crate::confirm_password), begins a session that lasts longer. `None` if nobody is signed in.
pub fn time_left(parts: &Parts) -> Option<Duration> {
    let (bff, session) = live_session(parts)?;
    let record = trusted_person(&bff, &session)?;
    Some(last_end(&bff, &record).duration_since(bff.now()).unwrap_or_default())
}

/// When the session ends, whatever its owner does.
pub(crate) fn last_end(bff: &Bff, record: &Record<Principal>) -> SystemTime {
    let grant = record.payload.grant();
    let absolute = record.created_at + bff.session_settings().absolute_timeout;
    let fixed = grant.refresh_expires_at.filter(|_| !bff.provider().refresh_moves_end(grant));
    fixed.map_or(absolute, |fixed| fixed.min(absolute))
}
