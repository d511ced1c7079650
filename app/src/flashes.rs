//! What pages and forms store in a browser besides the session. It is dropped if the session needs the space.

mod button_first;
mod emailed_links;
mod kept_form;
mod message;
mod opened;
mod password_hint;
mod place;
mod verified;

use ironleaf_bff::FlashCookie;

pub(crate) use button_first::{BUTTON_FIRST, ButtonFirst};
pub(crate) use emailed_links::{clear_links, clear_links_of_person};
pub(crate) use kept_form::{FieldState, KEPT_FORMS, KeptField, KeptForm, KeptForms, PERSON, Person};
pub(crate) use message::{Left, MESSAGE, Message, Said, with_reference};
pub(crate) use opened::{OPENED, Opened};
pub(crate) use password_hint::{PASSWORD_HINT, PasswordHint};
pub(crate) use place::{PLACE, Place};
pub(crate) use verified::{RESTORED, VERIFIED, Verified};

/// Every kind of flash of this crate.
pub const FLASHES: [FlashCookie; 9] = [
    KEPT_FORMS.cookie(),
    PERSON.cookie(),
    MESSAGE.cookie(),
    PASSWORD_HINT.cookie(),
    PLACE.cookie(),
    OPENED.cookie(),
    VERIFIED.cookie(),
    RESTORED.cookie(),
    BUTTON_FIRST.cookie(),
];
