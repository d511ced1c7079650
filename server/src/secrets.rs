//! The session secret of a development machine: made once, kept in the data folder, readable by its owner alone.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ironleaf_session::{Random, Secret};

const FILE_NAME: &str = "session-secrets";

/// The secrets kept in `data_dir`, newest first; one is made where there is none.
pub(crate) fn kept_or_made(data_dir: &Path, random: &Random) -> io::Result<String> {
    fs::create_dir_all(data_dir)?;
    let path = data_dir.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(kept) => return Ok(kept.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let (_, text) = Secret::generate(random);
    // Written beside and renamed: whoever is killed in between leaves no half a secret behind.
    let mut name = [0; 8];
    random(&mut name);
    let draft = data_dir.join(format!("{FILE_NAME}.{:016x}", u64::from_be_bytes(name)));
    let mut file = private_file(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // `hard_link` fails where the name is taken, so that of two first starts at once both use the same secret.
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

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use ironleaf_session::{KeyRing, system_random};

    use super::*;

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
