//! A Redis for one test: on a free loopback port, with its own folder, removed with the test.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use redis::{FromRedisValue, aio::MultiplexedConnection};
use tempfile::TempDir;
use test_ports::free_port;

pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl RedisServer {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let port = free_port();
        let folder = TempDir::new().expect("a temporary folder");
        Self { process: process(port, &folder, arguments), port, folder }
    }

    /// A server in cluster mode. The default for the cluster's own port is 10,000 above the other one, where something
    /// else may listen.
    pub(crate) fn start_as_cluster() -> Self {
        Self::start(&["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()])
    }

    /// A server that speaks only TLS, and its certificate.
    pub(crate) fn start_with_tls() -> (Self, Vec<u8>) {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = certificate(&folder);
        let port = free_port();
        let tls_port = port.to_string();
        let arguments = [
            ["--port", "0"],
            ["--tls-port", &tls_port],
            ["--tls-cert-file", "certificate.pem"],
            ["--tls-key-file", "key.pem"],
            ["--tls-auth-clients", "no"],
        ];
        (Self { process: process(port, &folder, arguments.as_flattened()), port, folder }, certificate)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Its address for a user with the password `secret`.
    pub(crate) fn url_as(&self, user: &str) -> String {
        format!("redis://{user}:secret@{}", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it was running");
        self.process.wait().expect("it was running");
    }

    /// Starts it on the same port, empty.
    pub(crate) fn start_again(&mut self) {
        self.process = process(self.port, &self.folder, &[]);
    }

    /// The server keeps its connections and answers nobody.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().try_into().expect("a process id"));
        kill(pid, signal).expect("it is running");
    }

    /// Connects beside the store, as an administrator would.
    pub(crate) async fn db_connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("an address of ours");
        client.get_multiplexed_async_connection().await.expect("it is running")
    }

    /// Runs one command line whose words contain no spaces.
    pub(crate) async fn db<T: FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut line = redis::cmd(words.next().expect("a command has a name"));
        for word in words {
            line.arg(word);
        }
        line.query_async(&mut self.db_connect().await).await.expect("the server knows this command")
    }

    /// Moves the expiry of all keys, and the times in indexes. Redis' own clock cannot be moved, but what is compared
    /// with it can.
    pub(crate) async fn db_advance(&self, by: Duration) {
        const ADVANCE: &str = "
            for _, key in ipairs(redis.call('KEYS', '*')) do
                local left = redis.call('PTTL', key)
                if left >= 0 then redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
                local kind = redis.call('TYPE', key).ok
                if kind == 'zset' then
                    for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
                        redis.call('ZINCRBY', key, -ARGV[1], name)
                    end
                end
                if kind == 'hash' then
                    local all = redis.call('HGETALL', key)
                    for place = 1, #all, 2 do
                        local written = tonumber(string.sub(all[place + 1], 1, 13)) - ARGV[1]
                        local value = string.format('%013.0f', written) .. string.sub(all[place + 1], 14)
                        redis.call('HSET', key, all[place], value)
                    end
                end
            end";
        let millis = u64::try_from(by.as_millis()).expect("tests move minutes");
        let mut advance = redis::cmd("EVAL");
        advance.arg(ADVANCE).arg(0).arg(millis);
        advance.exec_async(&mut self.db_connect().await).await.expect("the script runs");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // A failed test may have left the server frozen; SIGKILL works anyway.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A key and a self-signed certificate for 127.0.0.1.
fn certificate(folder: &TempDir) -> Vec<u8> {
    const CONFIG: &str = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = extensions\n\
                          [name]\nCN = test\n\
                          [extensions]\nbasicConstraints = CA:FALSE\nsubjectAltName = IP:127.0.0.1\n";
    std::fs::write(folder.path().join("config"), CONFIG).expect("a temporary folder can be written");
    let made = Command::new("openssl")
        .args("req -x509 -config config -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(' '))
        .args("-keyout key.pem -out certificate.pem -days 2".split(' '))
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status()
        .expect("this test needs the openssl command: apt-get install openssl");
    assert!(made.success(), "openssl makes a certificate");
    std::fs::read(folder.path().join("certificate.pem")).expect("openssl made it")
}

/// Returns once the server listens.
fn process(port: u16, folder: &TempDir, arguments: &[&str]) -> Child {
    let mut process = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string()])
        .current_dir(folder.path())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests need redis-server: apt-get install redis-server");
    let output = process.stdout.take().expect("its output is ours");
    let mut said = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.expect("Redis speaks UTF-8");
        if line.contains("Ready to accept connections") {
            return process;
        }
        said.push(line);
    }
    process.wait().expect("it was started");
    panic!("redis-server did not start: {said:#?}");
}
