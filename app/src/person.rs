//! What a browser keeps of one person, when another may follow.

use http::request::Parts;
use ironleaf_bff::{Flash, MaybeUser, PASSWORD_LINK, SIGN_IN_LINK, VERIFICATION_LINK};

use crate::flashes::{BUTTON_FIRST, ButtonFirst, KEPT_FORMS, PERSON, PLACE, Person, VERIFIED};

/// A person has just signed in. What another person left in this browser must not reach them.
pub(crate) fn welcome(parts: &Parts) {
    let Some(flash) = parts.extensions.get::<Flash>() else { return };
    // SECURITY: a link that was opened but not used would sign in the next person here after a sign-out.
    flash.clear(&SIGN_IN_LINK);
    flash.clear(&PASSWORD_LINK);
    flash.clear(&PLACE);
    flash.clear(&BUTTON_FIRST);
    let Ok(MaybeUser(Some(user))) = MaybeUser::from_parts(parts) else { return };
    // If the last person is not known, the forms may be anybody's.
    if flash.peek(&PERSON).is_none_or(|Person(last)| last != user.id) {
        flash.clear(&KEPT_FORMS);
    }
    flash.set(&PERSON, &Person(user.id));
}

/// The person leaves this browser to others.
pub(crate) fn forget(parts: &Parts) {
    let Some(flash) = parts.extensions.get::<Flash>() else { return };
    flash.clear(&SIGN_IN_LINK);
    flash.clear(&PASSWORD_LINK);
    flash.clear(&VERIFICATION_LINK);
    flash.clear(&VERIFIED);
    flash.clear(&PLACE);
    flash.clear(&KEPT_FORMS);
}

/// The next sign-in at the provider begins with a click, see [`BUTTON_FIRST`].
pub(crate) fn ask_before_leaving(parts: &Parts) {
    if let Some(flash) = parts.extensions.get::<Flash>() {
        flash.set(&BUTTON_FIRST, &ButtonFirst);
    }
}
