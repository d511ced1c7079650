//! What is found in the place of a head that should be written.

use super::Refresh;
use crate::lifecycle::ensured::Rotated;
use crate::lifecycle::flights::Landing;
use crate::lifecycle::position::{Position, Stand, settle};
use crate::{EndReason, HeadVersion};

/// What is stored in the place of the head that should be written.
pub(super) enum InItsPlace {
    /// The session has ended.
    Over(EndReason),
    /// The session has ended, but its head does not say so.
    OverBeside {
        reason: EndReason,
        version: Option<HeadVersion>,
    },
    /// A grant as new as ours, or newer.
    Newer(Rotated),
    /// A newer rotation of older tokens: another replica learned something meanwhile and wrote it during the refresh.
    Amended(Box<Stand>),
    /// Something older, which can be overwritten.
    Older(Box<Stand>),
    /// The mark of something as new or newer, whose grant was shown and has been forgotten.
    Forgotten,
    /// A grant of this rotation that this server cannot open.
    Elsewhere {
        rotation: u64,
    },
    Unreachable,
}

impl InItsPlace {
    /// For an attempt that has no new grant to keep.
    pub(super) fn into_landing(self) -> Option<Landing> {
        match self {
            Self::Over(reason) | Self::OverBeside { reason, .. } => Some(Landing::Ended(reason)),
            Self::Newer(newer) => Some(Landing::Renewed(newer)),
            Self::Amended(stand) => stand.newest().map(Landing::Renewed),
            Self::Forgotten => Some(Landing::Ended(EndReason::Superseded)),
            Self::Elsewhere { .. } => {
                Some(Landing::unavailable("a newer grant is sealed under a key that is not known here"))
            }
            Self::Older(_) | Self::Unreachable => None,
        }
    }
}

impl Refresh {
    /// Reads what is stored. `generation` is that of the grant that should be written.
    pub(super) async fn in_its_place(&self, generation: u64) -> InItsPlace {
        let Ok(kept) = self.shared.read(&self.key).await else {
            return InItsPlace::Unreachable;
        };
        match settle(&self.key, &self.grant, kept) {
            Position::Over(EndReason::Superseded) => InItsPlace::Forgotten,
            Position::Over(reason) => InItsPlace::Over(reason),
            Position::Elsewhere { rotation } => InItsPlace::Elsewhere { rotation },
            Position::At(stand) => match stand.newest() {
                Some(_) if stand.grant.generation < generation => InItsPlace::Amended(stand),
                Some(newer) => InItsPlace::Newer(newer),
                None => InItsPlace::Older(stand),
            },
        }
    }
}
