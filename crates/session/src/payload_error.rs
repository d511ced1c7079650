/// Why bytes are not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// They end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// They go on after the end.
    #[error("there are bytes left over")]
    Trailing,
    /// A value among them is not allowed.
    #[error("{0}")]
    Invalid(&'static str),
    /// They are of a version that is newer than this code, or that it has dropped.
    #[error("version {0} of the payload is not known")]
    UnknownVersion(u32),
}
