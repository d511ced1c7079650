use std::sync::Arc;

use ironleaf_records::Principal;
use ironleaf_session::{FlashCookie, SessionLayer};

use crate::limits::KNOWN_DEVICE;
use crate::pending_code::PENDING_CODE;
use crate::redirect::{ATTEMPT, NOT_ADMITTED};
use crate::requested_mail::REQUESTED_MAIL;
use crate::sealing_ledger::SealingLedger;
use crate::second_factor::{ENROLMENT, RECOVERY_CODES};
use crate::sign_out::LEAVING;
use crate::{Bff, BffSettings, PASSWORD_LINK, RESTORATION_LINK, SIGN_IN_LINK, VERIFICATION_LINK};

/// The other cookies of this crate in a browser, beside the session.
pub const FLASHES: [FlashCookie; 12] = [
    KNOWN_DEVICE.cookie(),
    LEAVING.cookie(),
    ATTEMPT.cookie(),
    NOT_ADMITTED.cookie(),
    REQUESTED_MAIL.cookie(),
    SIGN_IN_LINK.cookie(),
    VERIFICATION_LINK.cookie(),
    PASSWORD_LINK.cookie(),
    RESTORATION_LINK.cookie(),
    PENDING_CODE.cookie(),
    ENROLMENT.cookie(),
    RECOVERY_CODES.cookie(),
];

impl Bff {
    /// The layer that reads and writes the session of this application. It knows the flashes of this crate. Add further
    /// ones with [`SessionLayer::with_flashes`].
    ///
    /// # Panics
    ///
    /// If [`SessionSettings::validate`](ironleaf_session::SessionSettings::validate) refuses the settings.
    pub fn session_layer(&self) -> SessionLayer<Principal> {
        let BffSettings { sealer, session, clock, random, .. } = self.settings();
        SessionLayer::new(sealer.clone(), session.clone(), Arc::clone(clock), Arc::clone(random))
            .with_ledger(SealingLedger(self.clone()))
            .with_flashes(&FLASHES)
    }
}
