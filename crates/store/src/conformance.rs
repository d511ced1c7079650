//! The suite that every store has to pass. Each rule is a sentence; a store that breaks one panics with it.
//!
//! The suite moves time with [`Subject::advance`] and never sleeps. A store whose time also runs by itself passes if
//! each rule takes less than ten seconds.

mod bound;
mod entries;
mod leases;
mod pair;
mod records;
mod subject;

use pair::Pair;
pub use subject::Subject;

/// Checks all rules except those of the size limit. The store must be empty, and needs room for a
/// megabyte.
///
/// # Panics
///
/// At the first rule that is broken, with its name.
pub async fn check(subject: &dyn Subject) {
    let store = &Pair::of(subject).await;
    for client in &store.clients {
        client.check().await.expect("rule: a store that is there answers");
    }
    records::check(store).await;
    leases::check(store).await;
    entries::check(store).await;
}

/// Checks the size limit, for a store that has one. The store must be empty and have this capacity, between 64 KiB and
/// 1 MiB.
///
/// # Panics
///
/// At the first rule that is broken, with its name.
pub async fn check_size_bound(subject: &dyn Subject, capacity_bytes: usize) {
    bound::check(&Pair::of(subject).await, capacity_bytes).await;
}
