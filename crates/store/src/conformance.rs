//! The suite that every store is run through. Each rule is a sentence; a store that breaks one panics with it.
//!
//! It moves time through [`Subject::advance`] and never sleeps. A store whose time also runs by itself passes as long as one
//! rule takes less than ten seconds.

mod bound;
mod leases;
mod pair;
mod records;
mod subject;

use pair::Pair;
pub use subject::Subject;

/// Checks every rule but those of the size bound. The store is empty at first, and has room for a few hundred kilobytes.
///
/// # Panics
///
/// At the first rule that does not hold, with its name.
pub async fn check(subject: &dyn Subject) {
    let store = &Pair::of(subject).await;
    for client in &store.clients {
        client.check().await.expect("rule: a store that is there answers");
    }
    records::check(store).await;
    leases::check(store).await;
}

/// Checks what happens at the size bound, for a store that bounds itself. The store is empty at first and has this capacity:
/// between 64 KiB and 1 MiB.
///
/// # Panics
///
/// At the first rule that does not hold, with its name.
pub async fn check_size_bound(subject: &dyn Subject, capacity_bytes: usize) {
    bound::check(&Pair::of(subject).await, capacity_bytes).await;
}
