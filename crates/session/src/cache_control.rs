/// In the extensions of a response: whoever wrote its `Cache-Control` knows that it depends on a session. It stays as it
/// is, unless the response sets a cookie. Every other response that depends on a session is `no-store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCacheControl;
