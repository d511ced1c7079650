//! `cargo xtask bench --dev`: measures the time from saving a file until the server shows it.
//!
//! It changes files of this repository and restores them, with its own ports and data. A browser adds the time of one
//! request.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use super::http;
use super::program::free_address;
use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{builder, process, workspace};

/// The median counts. Before the rounds, everything is saved once, because the first build after a start reads files
/// that later builds find cached.
const ROUNDS: usize = 5;
/// A first build on a machine without caches.
const LONGEST_BUILD: Duration = Duration::from_mins(20);
const LONGEST_WAIT: Duration = Duration::from_mins(2);
const ASK_EVERY: Duration = Duration::from_millis(5);

/// The heading of the front page, in a page, and its words, in a catalogue.
const HEADING_OF_A_PAGE: &str = "{t(\"home-heading\")}";
const WORDS_OF_THE_HEADING: &str = "Build something great.";

/// A file to save, and where its change appears.
struct Subject {
    name: &'static str,
    target: Duration,
    path: PathBuf,
    /// The text of the file with an additional unique word.
    changed: fn(&str, &str) -> String,
    seen_at: &'static str,
}

/// # Errors
///
/// If the build fails, or a saved change never appears.
pub(super) fn run(settings: &Settings) -> Result<()> {
    let subjects = subjects()?;
    let folder = settings.target.join("bench/dev");
    let mut site = Watched::start(settings, &folder)?;
    let mut lines = Vec::new();
    for subject in &subjects {
        let file = Restored::read(&subject.path)?;
        let mut taken = Vec::new();
        for round in 0..=ROUNDS {
            // The word of one round is never part of another round's or run's word.
            let word = format!("saved_{round}_{}", std::process::id());
            taken.push(site.save_and_wait(subject, &file, &word)?);
        }
        taken.remove(0);
        taken.sort();
        lines.push(line(subject, taken[ROUNDS / 2], taken[ROUNDS - 1]));
        drop(file);
        site.wait_until_unchanged(subject)?;
    }
    println!("\n{:<12} {:>12} {:>9} {:>9}", "saved", "seen after", "slowest", "target");
    println!("{}", lines.join("\n"));
    Ok(())
}

fn line(subject: &Subject, middle: Duration, slowest: Duration) -> String {
    let missed = if middle > subject.target { "  missed" } else { "" };
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let Subject { name, target, .. } = subject;
    format!("{name:<12} {:>12} {:>9} {:>9}{missed}", seconds(middle), seconds(slowest), seconds(*target))
}

fn subjects() -> Result<Vec<Subject>> {
    let application = workspace::root().join("app");
    let file_with = |extension: &str, text: &str| {
        workspace::files_with_extension(&application, &[extension])?
            .into_iter()
            .find(|path| fs::read_to_string(path).is_ok_and(|source| source.contains(text)))
            .ok_or_else(|| {
                Failure::new(format!("No .{extension} file below {} has `{text}`.", application.display()))
            })
    };
    Ok(vec![
        Subject {
            name: "a style",
            target: Duration::from_millis(150),
            path: workspace::root().join("style/main.css"),
            changed: |text, word| format!("{text}\n.{word} {{\n  color: red;\n}}\n"),
            seen_at: "/pkg/ironleaf.css",
        },
        Subject {
            name: "a page",
            target: Duration::from_millis(2_500),
            path: file_with("rs", HEADING_OF_A_PAGE)?,
            changed: |text, word| text.replace(HEADING_OF_A_PAGE, &format!("\"{word}\"")),
            seen_at: "/",
        },
        Subject {
            name: "words",
            target: Duration::from_millis(2_500),
            path: file_with("ftl", WORDS_OF_THE_HEADING)?,
            changed: |text, word| text.replace(WORDS_OF_THE_HEADING, word),
            seen_at: "/",
        },
        Subject {
            name: "an island",
            target: Duration::from_secs(3),
            path: file_with("rs", "#[island")?,
            changed: |text, word| {
                format!(
                    "{text}\n#[cfg(target_arch = \"wasm32\")]\n#[wasm_bindgen::prelude::wasm_bindgen]\npub fn {word}() {{}}\n"
                )
            },
            seen_at: "/pkg/ironleaf.js",
        },
    ])
}

/// Restores the file when it is dropped.
struct Restored {
    path: PathBuf,
    text: String,
}

impl Restored {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), text })
    }

    fn write(&self, text: &str) -> Result<()> {
        fs::write(&self.path, text)
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", self.path.display())))
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        if let Err(error) = self.write(&self.text) {
            println!("{error}");
        }
    }
}

/// The application as `cargo xtask dev` runs it.
struct Watched {
    child: Child,
    address: SocketAddr,
}

impl Watched {
    fn start(settings: &Settings, folder: &Path) -> Result<Self> {
        let [address, core_api, reload] = [free_address()?, free_address()?, free_address()?];
        let mut command = process::program(builder::ready(settings)?);
        command
            .arg("watch")
            .env("LISTEN_ADDR", address.to_string())
            .env("LEPTOS_SITE_ADDR", address.to_string())
            .env("PUBLIC_ORIGIN", format!("http://{address}"))
            .env("CORE_API_LISTEN_ADDR", core_api.to_string())
            .env("LEPTOS_RELOAD_PORT", reload.port().to_string())
            .env("DATA_DIR", folder);
        let mut watched = Self { child: process::spawn(&mut command)?, address };
        watched.wait_for("/", LONGEST_BUILD, |_| true)?;
        Ok(watched)
    }

    fn save_and_wait(&mut self, subject: &Subject, file: &Restored, word: &str) -> Result<Duration> {
        file.write(&(subject.changed)(&file.text, word))?;
        let saved_at = Instant::now();
        self.wait_for(subject.seen_at, LONGEST_WAIT, |text| text.contains(word))?;
        Ok(saved_at.elapsed())
    }

    fn wait_until_unchanged(&mut self, subject: &Subject) -> Result<()> {
        self.wait_for(subject.seen_at, LONGEST_WAIT, |text| !text.contains("saved_"))
    }

    fn wait_for(&mut self, path: &str, longest: Duration, seen: impl Fn(&str) -> bool) -> Result<()> {
        let started = Instant::now();
        loop {
            let answer = http::get(self.address, path, &[]);
            if answer.is_ok_and(|answer| answer.status == 200 && seen(&answer.text())) {
                return Ok(());
            }
            if process::interrupted() {
                return Err(Failure::Interrupted);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Failure::new(format!("The builder ended with {status}.")));
            }
            if started.elapsed() > longest {
                return Err(Failure::new(format!("What was saved is not in {path}.")));
            }
            thread::sleep(ASK_EVERY);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It stops the server that it runs. An error means that it has ended.
        process::ask_to_stop(&mut self.child);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_is_there_and_a_word_in_it_changes_it() {
        for subject in subjects().unwrap() {
            let text = fs::read_to_string(&subject.path).unwrap();
            let changed = (subject.changed)(&text, "saved_word");
            assert!(changed.contains("saved_word") && !text.contains("saved_"), "{}", subject.name);
        }
    }

    #[test]
    fn a_file_is_as_it_was_afterwards() {
        let path = std::env::temp_dir().join(format!("ironleaf-restored-{}", std::process::id()));
        fs::write(&path, "before").unwrap();
        let file = Restored::read(&path).unwrap();
        file.write("changed").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_slower_than_its_target_is_marked() {
        let subject = &subjects().unwrap()[1];
        let line = |middle| line(subject, Duration::from_millis(middle), Duration::from_secs(3));
        assert!(line(2_600).ends_with("  missed"));
        assert_eq!(line(2_400), "a page             2.40 s    3.00 s    2.50 s");
    }
}
