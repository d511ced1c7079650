//! The choice of a person about being remembered, in forms that sign people in.

use ironleaf_bff::Remember;

use crate::flashes::KeptForm;
use crate::form_post::FormPost;

/// The name of the box.
pub(crate) const REMEMBER_ME: &str = "remember_me";

/// How a refused form was sent. The box of a new one is ticked.
pub(crate) fn kept_choice(form: &KeptForm) -> Remember {
    Remember::from_form(form.field(REMEMBER_ME).value.as_deref(), None)
}

/// A refused form is shown again with its box as it was.
pub(crate) fn keeping_box(form: FormPost, remember: Remember) -> FormPost {
    form.keeping(REMEMBER_ME, if remember == Remember::Yes { "on" } else { "no" })
}
