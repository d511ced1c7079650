//! The machine of a program. It may have a small disk that can be filled, and a clock that can be set wrong while the
//! program runs.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::processes::{Process, Subcommand, program};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ordinary,
    /// With its own disk. See [`Machine::may_have_a_disk`].
    SmallDisk,
    /// With its own clock.
    OwnClock,
}

/// Selects machines of a [`World`](crate::world::World).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    CoreApi,
    Application,
    Both,
}

impl Whose {
    pub(crate) const ALL: [Self; 3] = [Self::CoreApi, Self::Application, Self::Both];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::CoreApi => "of the core API",
            Self::Application => "of the application",
            Self::Both => "of both",
        }
    }

    pub(crate) fn of(self, machines: &[Machine; 2]) -> &[Machine] {
        match self {
            Self::CoreApi => &machines[..1],
            Self::Application => &machines[1..],
            Self::Both => machines,
        }
    }
}

/// Enough space for a test's data, but little enough to fill quickly.
const DISK: &str = "24m";

/// Mounts the disk so that only this program and its children see it, then executes the program. The disk disappears
/// with the process.
const ON_A_DISK: &str =
    r#"echo $$ > disk-of && mount -t tmpfs -o size="$FAULTS_DISK" tmpfs "$DATA_DIR" && exec "$0" "$@""#;

/// Without privileges, or else with those of root.
const WAYS: [&[&str]; 2] = [&["-r", "-m"], &["-m"]];

pub(crate) struct Machine {
    kind: Kind,
    folder: PathBuf,
}

impl Machine {
    pub(crate) fn new(kind: Kind, folder: &Path) -> Self {
        let machine = Self { kind, folder: folder.to_owned() };
        if kind == Kind::OwnClock {
            machine.set_ahead(Duration::ZERO);
        }
        machine
    }

    /// Whether a disk can be mounted. If not, the reason goes to standard error.
    pub(crate) async fn may_have_a_disk() -> bool {
        let allowed = way().await.is_some();
        if !allowed {
            let _ = writeln!(
                std::io::stderr(),
                "\nleft out: this user may not mount a disk of a test's own (unshare -rm mount -t tmpfs)"
            );
        }
        allowed
    }

    pub(crate) async fn start(&self, subcommand: Subcommand, settings: &[(&str, String)]) -> Process {
        let (mut command, up, address) = program(&self.folder, subcommand, settings);
        match self.kind {
            Kind::Ordinary => {}
            Kind::SmallDisk => {
                fs::create_dir_all(self.folder.join("data")).unwrap();
                command = on_a_disk(&command, way().await.unwrap());
            }
            Kind::OwnClock => {
                command.env("LD_PRELOAD", shim()).env("FAULTS_CLOCK", self.clock());
            }
        }
        Process::start(command, up, address).await
    }

    /// The program's data folder, as seen from the test.
    pub(crate) fn data(&self) -> PathBuf {
        let inside = self.folder.join("data");
        if self.kind != Kind::SmallDisk {
            return inside;
        }
        let process = fs::read_to_string(self.folder.join("disk-of")).unwrap();
        Path::new("/proc").join(process.trim()).join("root").join(inside.strip_prefix("/").unwrap())
    }

    /// Fills the disk to the last byte.
    pub(crate) fn fill(&self) {
        assert!(self.kind == Kind::SmallDisk, "the disk of a test's own, and no other");
        let mut ballast = OpenOptions::new().append(true).create(true).open(self.ballast()).unwrap();
        for block in [64 << 10, 1 << 10, 1] {
            while ballast.write(&vec![7; block]).is_ok_and(|written| written > 0) {}
        }
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.data().join("ballast")
    }

    /// Sets the clock this far ahead of the real time.
    pub(crate) fn set_ahead(&self, by: Duration) {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.clock()).unwrap();
        file.write_all_at(&i64::try_from(by.as_secs()).unwrap().to_ne_bytes(), 0).unwrap();
    }

    fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }
}

/// The arguments of `unshare` with which a disk can be mounted on this machine.
async fn way() -> Option<&'static [&'static str]> {
    let folder = tempfile::tempdir().unwrap();
    for way in WAYS {
        let mut mounting = Command::new("unshare");
        mounting.args(way).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        if mounting.status().await.is_ok_and(|status| status.success()) {
            return Some(way);
        }
    }
    None
}

fn on_a_disk(command: &Command, way: &[&str]) -> Command {
    let command = command.as_std();
    let mut wrapped = Command::new("unshare");
    wrapped.args(way).args(["sh", "-c", ON_A_DISK]).arg(command.get_program()).args(command.get_args());
    wrapped.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("FAULTS_DISK", DISK);
    wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapped.current_dir(command.get_current_dir().unwrap());
    wrapped
}

/// The preloaded clock, compiled with the linker of Rust programs.
fn shim() -> &'static Path {
    static SHIM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock.so");
        let mut linker = std::process::Command::new("cc");
        linker.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&path);
        linker.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c")).arg("-ldl");
        let compiled = linker.output().unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        (folder, path)
    });
    path
}
