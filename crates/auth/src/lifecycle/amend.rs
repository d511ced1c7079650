//! Writes what an answer of the API says about a grant into the head, so that requests with an older cookie learn it too.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ensured::Rotated;
use super::lease::LeaseOutcome;
use super::position::{Phase, Position, Stand, settle};
use super::shared::Shared;
use super::write::Put;
use crate::{Change, Grant, Head, HeadState, Keep, SessionKey};

pub(super) fn begin(
    shared: Arc<Shared>,
    key: SessionKey,
    grant: Grant,
    change: Change,
) -> impl Future<Output = Option<Rotated>> + Send + use<> {
    let (answer, answered) = oneshot::channel();
    let spawner = Arc::clone(&shared.settings.spawner);
    spawner(Box::pin(async move {
        // It is no failure if nobody waits for the answer any more.
        let _ = answer.send(run(&shared, &key, &grant, change).await);
    }));
    async move { answered.await.ok().flatten() }
}

async fn run(shared: &Shared, key: &SessionKey, grant: &Grant, change: Change) -> Option<Rotated> {
    let deadline = Instant::now() + shared.settings.time_limits.request_with_living_access;
    let LeaseOutcome::Held(lease) = shared.lease(key, deadline).await else {
        return None;
    };
    let written = shared.holding(key, &lease, write(shared, key, grant, change)).await;
    shared.release(key, lease).await;
    written
}

/// Writes a rotation of its own with the same tokens. Requests with an older cookie adopt it.
async fn write(shared: &Shared, key: &SessionKey, grant: &Grant, change: Change) -> Option<Rotated> {
    let Position::At(stand) = settle(key, grant, shared.read(key).await.ok()?) else {
        return None;
    };
    // SECURITY: a refresh that has not ended may still bring its grant. Another grant must not have taken its place.
    if stand.phase != Phase::Idle {
        return None;
    }
    let mut amended = stand.grant.clone();
    change(&mut amended);
    if amended == stand.grant {
        return stand.newest();
    }
    let rotation = stand.key.rotation() + 1;
    let Stand { not_before, .. } = *stand;
    let head =
        Head { rotation, state: HeadState::Idle, not_before, grant: Some(amended.clone()), shown: false };
    // A head without the grant would make the valid tokens of every older cookie look spent.
    let keep = Keep { only_with_grant: true, ..shared.keep(&stand.key, &head) };
    match shared.put_for(&stand.key, stand.version, &head, keep).await {
        Put::Done(_) => Some(Rotated { rotation, grant: amended }),
        Put::Overtaken | Put::Unreachable => None,
    }
}
