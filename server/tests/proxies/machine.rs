use tokio::sync::Mutex;

/// One proxy after the other has the processors for itself: each of them is asked for all that it can do.
pub(crate) static MACHINE: Mutex<()> = Mutex::const_new(());
