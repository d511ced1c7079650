//! The free room on the disk of the build folder. A compiler that finds no room fails with messages that name everything
//! else, so the room is looked at before a long run and printed with each of its steps.

use std::fmt;
use std::path::Path;

const GIGABYTE: u64 = 1_000_000_000;

/// Bytes that an unprivileged program may still write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Room(u64);

impl Room {
    pub(crate) const fn gigabytes(number: u64) -> Self {
        Self(number * GIGABYTE)
    }

    /// The room on the file system of this folder, or of the nearest folder above it that exists. `None` if the operating
    /// system does not tell.
    pub(crate) fn left_for(folder: &Path) -> Option<Self> {
        folder.ancestors().find(|folder| folder.exists()).and_then(left_on)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded down, so that it never promises too much.
        write!(f, "{}.{} GB", self.0 / GIGABYTE, self.0 % GIGABYTE / (GIGABYTE / 10))
    }
}

/// A warning if less than `needed` is left for this folder. It is no error: file systems that compress, share or grow can
/// take more than they say.
pub(crate) fn shortage(folder: &Path, needed: Room) -> Option<String> {
    let left = Room::left_for(folder).filter(|left| *left < needed)?;
    Some(format!(
        "{left} are left on the disk of {}, and {needed} are needed: this may end before its time. CARGO_TARGET_DIR puts what is \
         built on another disk, and with CARGO_INCREMENTAL=0 less is written.",
        folder.display()
    ))
}

#[cfg(unix)]
fn left_on(folder: &Path) -> Option<Room> {
    let stats = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(Room(stats.blocks_available().saturating_mul(stats.fragment_size())))
}

#[cfg(not(unix))]
fn left_on(_: &Path) -> Option<Room> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above() {
        let above = std::env::temp_dir();
        let to_be = above.join("ironleaf-no-such-folder").join("target");
        assert_eq!(Room::left_for(&to_be).is_some(), Room::left_for(&above).is_some());
    }

    #[test]
    fn too_little_room_is_named_with_what_to_do() {
        let folder = std::env::temp_dir();
        assert_eq!(shortage(&folder, Room(0)), None);
        let warning = shortage(&folder, Room(u64::MAX));
        assert_eq!(warning.is_some(), Room::left_for(&folder).is_some());
        let names = |warning: &str| {
            warning.contains("GB are left on the disk of") && warning.contains("CARGO_TARGET_DIR")
        };
        assert!(warning.as_deref().is_none_or(names), "{warning:?}");
    }

    #[test]
    fn room_is_rounded_down() {
        assert_eq!(Room(12_399_999_999).to_string(), "12.3 GB");
        assert_eq!(Room(999_999_999).to_string(), "0.9 GB");
        assert_eq!(Room::gigabytes(25).to_string(), "25.0 GB");
    }
}
