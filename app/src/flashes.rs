//! What the pages and forms leave in a browser beside the session: it gives way where the session needs the room.

use ironleaf_bff::FlashCookie;

use crate::kept_form::{KEPT_FORMS, PERSON};
use crate::messages::MESSAGE;
use crate::pages::{OPENED, VERIFIED};
use crate::place::PLACE;

/// Every kind of flash of this crate.
pub const FLASHES: [FlashCookie; 6] = [
    KEPT_FORMS.cookie(),
    PERSON.cookie(),
    MESSAGE.cookie(),
    PLACE.cookie(),
    OPENED.cookie(),
    VERIFIED.cookie(),
];
