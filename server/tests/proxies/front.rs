//! A running proxy, in its own folder and on free loopback ports.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::places::Places;
use crate::processes::free_address;
use crate::programs::Program;

/// The time limit for a proxy to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Front {
    pub(crate) places: Places,
    /// The certificate in PEM, which is its own root.
    pub(crate) certificate: Vec<u8>,
    folder: TempDir,
    child: Child,
}

impl Front {
    /// Returns when the proxy accepts connections.
    pub(crate) async fn start(
        program: &Program,
        path: &Path,
        replicas: [SocketAddr; 2],
        cdn: Ipv4Addr,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { replicas, http: free_address(), https: free_address(), cdn };
        let certificate = make_certificate(folder.path());
        let file = program.configuration(folder.path(), &places);
        let said = File::create(folder.path().join("said")).unwrap();
        let mut command = (program.command)(path, folder.path(), &file, &places);
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said).kill_on_drop(true);
        let child = command.spawn().unwrap();
        let mut front = Self { places, certificate, folder, child };
        for address in [places.https, places.http] {
            front.listens(address).await;
        }
        front
    }

    async fn listens(&mut self, address: SocketAddr) {
        let started = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < START_TIMEOUT, "it does not run: {ended:?}");
            pause(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["said", "error.log"] {
                let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let last = lines[lines.len().saturating_sub(20)..].join("\n");
                let _ = writeln!(std::io::stderr(), "{name}:\n{last}\n");
            }
        }
    }
}

/// Makes a certificate and a key for tests: the key in one file, the certificate and the key together in another.
fn make_certificate(folder: &Path) -> Vec<u8> {
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test".split(' '))
        .args("-addext subjectAltName=DNS:app.example.com -addext basicConstraints=CA:FALSE".split(' '))
        .args("-keyout app.example.com.key -out app.example.com.pem -days 2".split(' '))
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()
        .expect("this test needs the openssl command: apt-get install openssl");
    assert!(made.success(), "openssl makes a certificate");
    let [certificate, key] =
        ["app.example.com.pem", "app.example.com.key"].map(|name| std::fs::read(folder.join(name)).unwrap());
    std::fs::write(folder.join("app.example.com.pem"), [&certificate[..], &key].concat()).unwrap();
    certificate
}

#[expect(clippy::disallowed_methods, reason = "another process lives by the clock of the machine")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
