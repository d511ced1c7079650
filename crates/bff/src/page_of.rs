use http::request::Parts;
use ironleaf_api_types::User;

use crate::request_context::live_session;

/// Identifies the person whose page a form is on, for a field of the form: 32 hexadecimal digits, the same for every
/// session of the person. `None` if nobody is signed in.
///
/// A browser has one session and many tabs. If another person has signed in meanwhile, [`other_than`] detects a form in
/// a tab that still shows the first person.
///
/// # Security
///
/// It is a hash of the person's identifier. It is not secret, and it proves nothing.
pub fn page_of(parts: &Parts) -> Option<String> {
    let (_, session) = live_session(parts)?;
    let record = session.current().filter(|record| !record.payload.identity().is_guest)?;
    Some(hex_of(record.owner.as_bytes()))
}

/// In lower case. Each page has two of these. Written digit by digit they took a tenth as long as all the text of the
/// page.
pub(crate) fn hex_of(bytes: &[u8; 16]) -> String {
    let mut digits = [0; 32];
    match hex::encode_to_slice(bytes, &mut digits) {
        Ok(()) => String::from_utf8_lossy(&digits).into_owned(),
        // Cannot happen: the buffer has two digits for each byte.
        Err(_) => String::new(),
    }
}

/// The person who is signed in now, if it is not the person on whose page ([`page_of`]) the form was. Then the form
/// must do nothing: its sender saw, and meant, another account.
///
/// `None` if it is the same person, or nobody.
pub fn other_than(page: &str, parts: &Parts) -> Option<User> {
    if page_of(parts)? == page {
        return None;
    }
    let (_, session) = live_session(parts)?;
    Some(User::clone(session.current()?.payload.identity()))
}
