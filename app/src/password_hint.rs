//! The hint that a new password is easy to guess. It is for the page after the form: the password is in force, and nobody
//! has to think of another one right now.

use ironleaf_bff::{EmailAddress, MaybeUser, weakness_of};

use crate::flashes::{PASSWORD_HINT, PasswordHint};
use crate::form_post::FormPost;

/// Leaves a hint for the next page if this password, which the form has set, is easy to guess. `address` is that of the
/// account. If it is not given, it is the address of whoever is signed in.
pub(crate) async fn leave_password_hint(form: &FormPost, password: &str, address: Option<&EmailAddress>) {
    let person = || match MaybeUser::from_parts(form.parts()) {
        Ok(MaybeUser(Some(person))) => person.address().map(EmailAddress::of_record),
        _ => None,
    };
    let address = address.cloned().or_else(person);
    match weakness_of(form.parts(), password, address.as_ref()).await {
        Some(weakness) => {
            form.leave(&PASSWORD_HINT, &PasswordHint(weakness.into()));
        }
        None => form.clear(&PASSWORD_HINT),
    }
}
