/// The session of this request is not used, and a guest may take its place. It is in the extensions of the request.
#[derive(Clone, Copy)]
pub(crate) struct GuestMayFollow;
