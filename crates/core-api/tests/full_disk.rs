//! The core API on a disk that is full, and then has space again. Nothing is restarted.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use ironleaf_core_api::{Config, CoreApi, PasswordCost};
use serde_json::json;
use tempfile::TempDir;
use tower::ServiceExt;

/// A separate disk for a test, in memory.
struct Disk(TempDir);

impl Disk {
    /// `None` if this user may not mount one.
    fn of(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.path().join("ballast")).unwrap();
        while ballast.write_all(&[7; 512]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

async fn send(router: &Router, request: Request<Body>) -> StatusCode {
    router.clone().oneshot(request).await.unwrap().status()
}

async fn health(router: &Router) -> StatusCode {
    send(router, Request::get("/v1/health").body(Body::empty()).unwrap()).await
}

async fn sign_in(router: &Router) -> StatusCode {
    let body = json!({ "email": "user@test.com", "password": "password1" }).to_string();
    send(router, Request::post("/v1/auth/tokens").body(body.into()).unwrap()).await
}

#[tokio::test]
async fn health_follows_the_disk_and_needs_no_restart() {
    let Some(disk) = Disk::of("1500k") else {
        eprintln!("left out: this user may not mount a tmpfs");
        return;
    };
    let seconds = Arc::new(AtomicU64::new(1_800_000_000));
    let clock = Arc::clone(&seconds);
    let api = CoreApi::open(Config {
        password_cost: PasswordCost::FOR_TESTS,
        clock: Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst))),
        ..Config::development(disk.path().join("data"))
    })
    .await
    .unwrap();
    let router = api.router();
    for round in 0..3 {
        assert_eq!(health(&router).await, StatusCode::OK, "round {round}");
        assert_eq!(sign_in(&router).await, StatusCode::CREATED, "round {round}");
        disk.fill();
        let mut written = 0;
        // The log may have space left. Once that is used up, nothing can be written.
        while sign_in(&router).await == StatusCode::CREATED {
            written += 1;
            assert!(written < 10_000, "the disk is not full");
        }
        seconds.fetch_add(2, Ordering::SeqCst);
        assert_eq!(health(&router).await, StatusCode::SERVICE_UNAVAILABLE, "round {round}");
        disk.free();
        seconds.fetch_add(2, Ordering::SeqCst);
        assert_eq!(health(&router).await, StatusCode::OK, "round {round}: well again");
        assert_eq!(sign_in(&router).await, StatusCode::CREATED, "round {round}: written again");
    }
}
