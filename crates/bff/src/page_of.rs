use http::request::Parts;
use ironleaf_api_types::User;

use crate::request_context::live_session;

/// Whose page a form stands on, for a field of the form: 32 hexadecimal digits, the same for every session of the person.
/// `None` where nobody is signed in.
///
/// A browser has one session and many tabs. Where another person has signed in meanwhile, [`other_than`] tells the form of a tab that
/// still shows the first one.
///
/// # Security
///
/// It is a hash of the person's identifier and no secret: it proves nothing.
pub fn page_of(parts: &Parts) -> Option<String> {
    let (_, session) = live_session(parts)?;
    let record = session.current().filter(|record| !record.payload.identity().is_guest)?;
    Some(hex_of(record.owner.as_bytes()))
}

/// In lower case. Each page has two of them, and letter by letter they cost as much as a tenth of its words.
pub(crate) fn hex_of(bytes: &[u8; 16]) -> String {
    let mut digits = [0; 32];
    match hex::encode_to_slice(bytes, &mut digits) {
        Ok(()) => String::from_utf8_lossy(&digits).into_owned(),
        // Two digits for each byte: there is room.
        Err(_) => String::new(),
    }
}

/// Who is signed in now, where that is not the person on whose page ([`page_of`]) the form was. Then nothing may be done: whoever sent
/// it saw, and meant, another account.
///
/// `None` where it is that person, or nobody.
pub fn other_than(page: &str, parts: &Parts) -> Option<User> {
    if page_of(parts)? == page {
        return None;
    }
    let (_, session) = live_session(parts)?;
    Some(User::clone(session.current()?.payload.identity()))
}
