use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_records::Principal;
use ironleaf_session::{Arrival, Record};

use crate::{Bff, CoreApi, MissingLayer, Session};

/// The person, if somebody is signed in. A guest counts as nobody.
///
/// This does not ask the core API; it uses what is sealed in the cookie. If the store does not say whether the session
/// was ended, the cookie counts until its access token expires. After that, see [`session_cannot_be_checked`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeUser(pub Option<User>);

impl MaybeUser {
    /// From the parts of a request that passed the session layer.
    ///
    /// # Errors
    ///
    /// [`MissingLayer`] if it did not.
    pub fn from_parts(parts: &Parts) -> Result<Self, MissingLayer> {
        Ok(Self(signed_in_person(parts)?.map(Arc::unwrap_or_clone)))
    }
}

/// The person of [`MaybeUser`], for whoever only looks.
///
/// # Errors
///
/// As [`MaybeUser::from_parts`].
pub fn signed_in_person(parts: &Parts) -> Result<Option<Arc<User>>, MissingLayer> {
    let session = session(parts)?;
    let bff = parts.extensions.get::<Bff>().ok_or(MissingLayer("Bff"))?;
    Ok(trusted_person(bff, session).map(|record| Arc::clone(record.payload.identity())))
}

impl CoreApi {
    /// A handle that calls the core API for the person who sends this request.
    ///
    /// # Errors
    ///
    /// [`MissingLayer`] if the request did not pass the layers of this crate.
    pub fn from_parts(parts: &Parts) -> Result<Self, MissingLayer> {
        let bff = parts.extensions.get::<Bff>().ok_or(MissingLayer("Bff"))?;
        Ok(Self::new(bff.clone(), session(parts)?.clone(), &parts.extensions))
    }
}

/// Whether it is unknown if the sender of this request is signed in: the request came with a session, the store does
/// not say whether that session was ended, and no valid access token vouches for it.
///
/// [`MaybeUser`] is nobody then. A page for signed-in people asks them to come back later, because a sign-in would
/// replace a session that may still be alive. A guest's session does not count: a sign-in follows it.
pub fn session_cannot_be_checked(parts: &Parts) -> bool {
    let (Ok(session), Some(bff)) = (session(parts), parts.extensions.get::<Bff>()) else {
        return false;
    };
    session.current().is_some_and(|record| !record.payload.identity().is_guest)
        && trusted_record(bff, session).is_none()
}

/// SECURITY: an unchecked session may have been ended. A copy of its cookie must show no more than the access token in
/// it could.
pub(crate) fn trusted_record(bff: &Bff, session: &Session) -> Option<Arc<Record<Principal>>> {
    let checked = session.arrival() != Arrival::Unchecked;
    session.current().filter(|record| checked || record.payload.grant().access_lives(bff.now()))
}

/// The session of a signed-in person, if it can be trusted. That of a guest proves nothing.
pub(crate) fn trusted_person(bff: &Bff, session: &Session) -> Option<Arc<Record<Principal>>> {
    trusted_record(bff, session).filter(|record| !record.payload.identity().is_guest)
}

fn session(parts: &Parts) -> Result<&Session, MissingLayer> {
    parts.extensions.get::<Session>().ok_or(MissingLayer("SessionLayer"))
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeUser {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        Self::from_parts(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CoreApi {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        Self::from_parts(parts)
    }
}
