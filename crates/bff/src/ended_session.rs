use std::time::Duration;

use http::Extensions;
use ironleaf_auth::{Caller, EndReason};
use ironleaf_records::{EndedBecause, session_key};
use ironleaf_session::Arrival;

use crate::{Bff, Session};

/// A cookie that arrives later than this after the latest possible end of its session is only an old copy.
const STILL_OF_INTEREST: Duration = Duration::from_hours(24);

/// Handles a cookie whose session is already over: it tells the provider, and whoever keeps side state of the session,
/// once. The work does not delay the request.
pub(crate) fn tidy_up(bff: &Bff, session: &Session, extensions: &Extensions) {
    let Some(record) = session.over() else { return };
    let reason = match session.arrival() {
        Arrival::Expired => EndReason::TimedOut,
        Arrival::Ended => match extensions.get() {
            Some(EndedBecause { reason, is_untold: true }) => *reason,
            _ => return,
        },
        _ => return,
    };
    let forgotten_at = record.created_at + bff.session_settings().absolute_timeout + STILL_OF_INTEREST;
    if forgotten_at < bff.now() {
        return;
    }
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    // Nobody waits for this. It logs its own failures.
    drop(bff.lifecycle().end(&caller, &session_key(&record), record.payload.grant(), reason));
}
