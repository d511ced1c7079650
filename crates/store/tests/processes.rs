//! Several processes with one folder, and one that is killed halfway.

use std::{collections::HashSet, env, path::Path, process::Stdio, time::Duration};

use ironleaf_store::{
    Draft, Durability, Expected, Key, SqliteSettings, SqliteStore, Store, Written, system_clock,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// If this is set, the program is one of the writers, for that folder.
const FOLDER: &str = "IRONLEAF_STORE_TEST_FOLDER";
const NAME: &str = "IRONLEAF_STORE_TEST_WRITER";

const COUNTER: Key = Key::from_bytes([0; 32]);

async fn open(folder: &Path) -> SqliteStore {
    // Three processes that only write leave each other little time.
    let patient = Duration::from_secs(5);
    let settings =
        SqliteSettings { turn_timeout: patient, busy_timeout: patient, ..SqliteSettings::default() };
    SqliteStore::open(folder, settings, system_clock()).await.expect("it works until it is killed")
}

fn key(writer: u8, count: u64) -> Key {
    let mut bytes = [writer; 32];
    bytes[24..].copy_from_slice(&count.to_be_bytes());
    Key::from_bytes(bytes)
}

fn draft(count: u64) -> Draft {
    Draft {
        mark: count.to_be_bytes().to_vec(),
        mark_ttl: Duration::from_hours(1),
        body: None,
        durability: Durability::Synced,
    }
}

async fn count(store: &SqliteStore) -> (u64, Expected) {
    match store.read(&[COUNTER]).await.expect("it works until it is killed").remove(0) {
        None => (0, Expected::Absent),
        Some(record) => (
            u64::from_be_bytes(record.mark.try_into().expect("it works until it is killed")),
            Expected::Version(record.version),
        ),
    }
}

/// Counts up together with the others, and prints each number only after it and a record of its own are written.
#[expect(clippy::print_stdout, reason = "its output is how the parent process hears of it")]
async fn write_until_killed(folder: &Path, writer: u8) {
    let store = open(folder).await;
    loop {
        let (last, expected) = count(&store).await;
        if let Written::Done(_) =
            store.write(&COUNTER, expected, draft(last + 1)).await.expect("it works until it is killed")
        {
            let written = store
                .write(&key(writer, last + 1), Expected::Absent, draft(last + 1))
                .await
                .expect("it works until it is killed");
            assert_ne!(written, Written::Conflict, "nobody else has this number");
            println!("\nwritten {}", last + 1);
        }
    }
}

struct Writer {
    number: u8,
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: Vec<u64>,
}

impl Writer {
    fn start(folder: &Path, number: u8) -> Self {
        let mut process = Command::new(env::current_exe().expect("it works until it is killed"))
            .args(["--exact", "processes_share_a_folder_and_a_kill_forgets_nothing", "--nocapture"])
            .env(FOLDER, folder)
            .env(NAME, number.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it works until it is killed");
        let lines = BufReader::new(process.stdout.take().expect("it works until it is killed")).lines();
        Self { number, process, lines, said: Vec::new() }
    }

    /// Returns false when the process is gone and has printed everything.
    async fn listen(&mut self) -> bool {
        while let Some(line) = self.lines.next_line().await.expect("it works until it is killed") {
            if let Some(count) = line.strip_prefix("written ") {
                self.said.push(count.parse().expect("it works until it is killed"));
                return true;
            }
        }
        false
    }

    async fn kill(&mut self) {
        // SIGKILL, at any point.
        self.process.kill().await.expect("it works until it is killed");
        while self.listen().await {}
    }
}

#[tokio::test]
async fn processes_share_a_folder_and_a_kill_forgets_nothing() {
    if let (Some(folder), Some(name)) = (env::var_os(FOLDER), env::var_os(NAME)) {
        return write_until_killed(Path::new(&folder), name.to_str().unwrap().parse().unwrap()).await;
    }
    let folder = TempDir::new().unwrap();
    // They start with the empty folder: one of them creates the file.
    let mut writers: Vec<_> = (1..=3).map(|number| Writer::start(folder.path(), number)).collect();
    for writer in &mut writers {
        for _ in 0..20 {
            assert!(writer.listen().await, "writer {} ended by itself", writer.number);
        }
    }
    writers[0].kill().await;
    for _ in 0..20 {
        assert!(writers[1].listen().await, "the others go on");
    }
    for writer in &mut writers {
        writer.kill().await;
    }

    let store = open(folder.path()).await;
    let mut numbers = HashSet::new();
    for writer in &writers {
        for said in &writer.said {
            assert!(numbers.insert(*said), "{said} was given to two processes");
            let record = store.read(&[key(writer.number, *said)]).await.unwrap().remove(0);
            assert!(record.is_some(), "{said} was acknowledged and is not there");
        }
    }
    let (last, _) = count(&store).await;
    assert!(last >= numbers.into_iter().max().unwrap(), "the counter went back");
}

/// Whoever was told of a change may ask anybody for it.
#[tokio::test]
async fn what_another_process_has_written_is_read_although_it_was_read_before() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await;
    assert_eq!(count(&store).await.0, 0);
    let mut writer = Writer::start(folder.path(), 1);
    for _ in 0..50 {
        assert!(writer.listen().await, "the writer ended by itself");
        let said = *writer.said.last().unwrap();
        for _ in 0..3 {
            assert!(count(&store).await.0 >= said, "{said} was acknowledged");
        }
        assert!(store.read(&[key(1, said)]).await.unwrap().remove(0).is_some());
    }
    writer.kill().await;
}
