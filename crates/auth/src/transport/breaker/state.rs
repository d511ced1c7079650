/// What a [`CircuitBreaker`](crate::CircuitBreaker) does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It lets every call through.
    Closed,
    /// It fails every call at once, until its wait is over.
    Open,
    /// One call tests whether the API is back; the others fail at once.
    HalfOpen,
}
