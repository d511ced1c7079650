use http::Extensions;
use ironleaf_session::Owner;

use crate::guest_end::GuestMayFollow;
use crate::told::LeftOut;
use crate::{Bff, Session, SignedOutReason};

/// Leaves out a session that must not be used here, and continues as anonymous. Call it right inside the session layer.
///
/// - A session of another provider or issuer: the settings were changed. Its tokens must reach nobody else, and the person
///   of another provider is a stranger here.
/// - A session of a person without one of the roles for signing in: the setting was changed, or the roles were.
///
/// The cookie stays until a sign-in replaces it, in case the settings are changed back. Nothing is sent to a provider.
pub fn leave_out_foreign_session(extensions: &mut Extensions) {
    let (Some(bff), Some(session)) = (extensions.get::<Bff>(), extensions.get::<Session>()) else { return };
    let Some(record) = session.current() else { return };
    let (grant, person) = (record.payload.grant(), record.payload.identity());
    let provider = bff.provider();
    // SECURITY: grants of different providers use the same numbers for their secrets.
    if record.owner != Owner::new(provider.name(), &person.id) || !provider.is_ours(grant) {
        tracing::info!(provider = provider.name(), "a session of another provider or issuer is not used");
        session.disregard();
        extensions.insert(GuestMayFollow);
        extensions.insert(LeftOut);
    } else if !bff.admits(person) {
        tracing::info!("the session of a person without one of the roles for signing in is not used");
        session.disregard();
        extensions.insert(SignedOutReason::NotAllowed);
        extensions.insert(LeftOut);
    }
}
