//! The source of session secrets. On a development machine one is created and kept in the data folder, readable only by
//! its owner. Elsewhere a file may hold them, which is read again when it changes.

mod evidence;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ironleaf_session::{Clock, KeyRing, KeyRingError, Random, Secret};
use ironleaf_store::Store;

use evidence::{Evidence, say};

const FILE_NAME: &str = "session-secrets";

/// Far shorter than the delay before a new secret seals, so that every replica knows it by then.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The secrets kept in `data_dir`, newest first. One is created if there is none.
pub(crate) fn kept_or_made(data_dir: &Path, random: &Random) -> io::Result<String> {
    fs::create_dir_all(data_dir)?;
    let path = kept_in(data_dir);
    match fs::read_to_string(&path) {
        Ok(kept) => return Ok(kept.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let (_, text) = Secret::generate(random);
    // Written to a draft and renamed, so that a killed process does not leave half a secret behind.
    let mut name = [0; 8];
    random(&mut name);
    let draft = data_dir.join(format!("{FILE_NAME}.{:016x}", u64::from_be_bytes(name)));
    let mut file = private_file(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // `hard_link` fails if the name is taken. So if two first starts happen at once, both use the same secret.
    let linked = fs::hard_link(&draft, &path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(fs::read_to_string(&path)?.trim().to_owned())
        }
        Err(error) => Err(error),
    }
}

/// The file in which [`kept_or_made`] keeps them.
pub(crate) fn kept_in(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// The keys of a list of secrets, newest first. `file` is the file that holds the list, if there is one.
pub(crate) async fn ring(
    list: &str,
    file: Option<&Path>,
    store: &Arc<dyn Store>,
    clock: &Clock,
) -> Result<KeyRing, KeyRingError> {
    let evidence = Evidence::new(Arc::clone(store), Arc::clone(clock));
    let keys = evidence.judge(KeyRing::parse(list)?, file).await;
    say(&keys, clock);
    Ok(keys)
}

/// Reads the secrets in `path` periodically, for as long as the process runs. An unusable file is reported once and
/// changes nothing. The content decides, not the modification time, because orchestrators swap links.
pub(crate) async fn follow(path: PathBuf, keys: KeyRing, store: Arc<dyn Store>, clock: Clock) {
    let evidence = Evidence::new(store, Arc::clone(&clock));
    let mut is_noted = false;
    let mut look = tokio::time::interval(LOOK_AGAIN_AFTER);
    let mut said = String::new();
    loop {
        look.tick().await;
        let problem = match tokio::fs::read_to_string(&path).await {
            Ok(list) => match keys.reload(list.trim(), &clock) {
                Ok(changed) => {
                    if changed {
                        tracing::info!("the session secrets were replaced");
                        say(&keys, &clock);
                        is_noted = false;
                    }
                    String::new()
                }
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        if problem != said && !problem.is_empty() {
            tracing::error!(problem, "SESSION_SECRETS_FILE cannot be used, the secrets stay as they are");
        }
        said = problem;
        // Repeats until the store has it.
        is_noted = is_noted || evidence.note(&keys).await;
    }
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use ironleaf_session::{KeyRole, Purpose, Sealer, system_clock, system_random};
    use ironleaf_store::MemoryStore;

    use super::*;

    /// Whether `keys` can open a value that is sealed with `text`.
    fn knows(keys: &KeyRing, text: &str) -> bool {
        let sealed =
            Sealer::new(KeyRing::parse(text).unwrap(), system_random()).seal(Purpose::Cookie, "name", b"x");
        Sealer::new(keys.clone(), system_random()).unseal(Purpose::Cookie, "name", &sealed).is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_that_is_added_to_the_file_is_known_seconds_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let [old, new] = [0, 1].map(|_| Secret::generate(&system_random()).1);
        let keys = KeyRing::parse(&old).unwrap();
        fs::write(&path, &old).unwrap();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(1 << 20, system_clock()));
        tokio::spawn(follow(path.clone(), keys.clone(), Arc::clone(&store), system_clock()));
        let look = || async {
            for _ in 0..100 {
                tokio::time::advance(LOOK_AGAIN_AFTER / 10).await;
                tokio::task::spawn_blocking(|| {}).await.unwrap();
            }
        };
        for junk in ["", "short", "\u{fffd}"] {
            fs::write(&path, junk).unwrap();
            look().await;
            assert!(knows(&keys, &old), "{junk:?} replaced the secrets");
        }
        fs::write(&path, format!("{new},{old}\n")).unwrap();
        look().await;
        assert!(knows(&keys, &old) && knows(&keys, &new));
        let in_five_minutes: Clock = Arc::new(|| system_clock()() + Duration::from_mins(5));
        let started = ring(&format!("{new},{old}"), None, &store, &in_five_minutes).await.unwrap();
        assert_eq!(started.roles()[0].1, KeyRole::Sealing, "the new key was written down when it was read");
        fs::write(&path, &new).unwrap();
        look().await;
        assert!(!knows(&keys, &old) && knows(&keys, &new));
    }

    #[test]
    fn a_second_start_finds_the_secret_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("not/there/yet");
        let first = kept_or_made(&data_dir, &system_random()).unwrap();
        assert_eq!(kept_or_made(&data_dir, &system_random()).unwrap(), first);
        assert!(KeyRing::parse(&first).is_ok());
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "a draft was left behind");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_secret() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        kept_or_made(folder.path(), &system_random()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
