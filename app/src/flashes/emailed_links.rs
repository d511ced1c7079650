//! The e-mailed links that a browser has opened and not used yet. There is one at a time: all together would fill the
//! cookies, and only the last one is meant.

use ironleaf_bff::{Flash, PASSWORD_LINK, RESTORATION_LINK, SIGN_IN_LINK, VERIFICATION_LINK};

/// Drops every link that proves who somebody is. The next person in this browser must not use it.
pub(crate) fn clear_links_of_person(flash: &Flash) {
    flash.clear(&SIGN_IN_LINK);
    flash.clear(&PASSWORD_LINK);
    flash.clear(&RESTORATION_LINK);
}

/// Drops every link.
pub(crate) fn clear_links(flash: &Flash) {
    clear_links_of_person(flash);
    flash.clear(&VERIFICATION_LINK);
}
