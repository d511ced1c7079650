/// How the core API is down for everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outage {
    /// No connection.
    Refusing,
    /// A proxy in front of it answers; some requests get through all the same.
    Erring,
    /// Refreshes are swallowed; other calls fail at once.
    Silent,
}
