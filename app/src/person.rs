//! What a browser keeps of one person, when another may follow.

use http::request::Parts;
use ironleaf_bff::{ENROLMENT, Flash, MaybeUser, PENDING_CODE, RECOVERY_CODES};

use crate::flashes::{
    BUTTON_FIRST, ButtonFirst, KEPT_FORMS, PERSON, PLACE, Person, RESTORED, VERIFIED, clear_links,
    clear_links_of_person,
};

/// A person has just signed in. What another person left in this browser must not reach them.
pub(crate) fn welcome(parts: &Parts) {
    let Some(flash) = parts.extensions.get::<Flash>() else { return };
    // SECURITY: a link that was opened but not used would sign in the next person here after a sign-out.
    clear_links_of_person(flash);
    flash.clear(&PENDING_CODE);
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
    clear_links(flash);
    flash.clear(&PENDING_CODE);
    flash.clear(&ENROLMENT);
    flash.clear(&RECOVERY_CODES);
    flash.clear(&VERIFIED);
    flash.clear(&RESTORED);
    flash.clear(&PLACE);
    flash.clear(&KEPT_FORMS);
}

/// The next sign-in at the provider begins with a click, see [`BUTTON_FIRST`].
pub(crate) fn ask_before_leaving(parts: &Parts) {
    if let Some(flash) = parts.extensions.get::<Flash>() {
        flash.set(&BUTTON_FIRST, &ButtonFirst);
    }
}
