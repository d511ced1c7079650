/// `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`: no space for the log, or for the index of the log.
pub(super) fn is_full(extended_code: i32) -> bool {
    matches!(extended_code, 13 | 4874)
}
