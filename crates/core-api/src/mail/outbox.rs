//! The mailer without a mail server: one JSON file for each message.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::task;

use super::{MailError, Mailer, Message, Sending};
use crate::{
    config::{Clock, Random},
    keys::private_file,
    timestamp::Timestamp,
};

/// How many messages the page shows. The files of older ones stay.
const SHOWN: usize = 100;

/// An e-mail in the outbox.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// The name of its file. Later messages have greater names.
    pub name: String,
    /// When it was stored, as `2026-11-21T11:08:52.360Z`.
    pub sent_at: String,
    /// The message.
    pub message: Message,
}

/// Names and file contents.
type Memory = Mutex<Vec<(String, String)>>;

enum Place {
    Folder(PathBuf),
    Memory(Memory),
}

#[derive(Clone)]
pub(crate) struct Outbox {
    place: Arc<Place>,
    /// Orders the messages of the same millisecond.
    sent: Arc<AtomicU64>,
    clock: Clock,
    random: Random,
}

impl Outbox {
    pub(crate) fn in_folder(folder: PathBuf, clock: Clock, random: Random) -> io::Result<Self> {
        create_private_folder(&folder)?;
        Ok(Self { place: Arc::new(Place::Folder(folder)), sent: Arc::default(), clock, random })
    }

    pub(crate) fn in_memory(clock: Clock, random: Random) -> Self {
        Self { place: Arc::new(Place::Memory(Mutex::default())), sent: Arc::default(), clock, random }
    }

    /// The newest messages, newest first.
    pub(crate) async fn messages(&self) -> io::Result<Vec<StoredMessage>> {
        let place = Arc::clone(&self.place);
        task::spawn_blocking(move || place.newest()).await?
    }

    /// One of the newest messages.
    pub(crate) async fn message(&self, name: &str) -> io::Result<Option<StoredMessage>> {
        // Looked up among the existing names, so a requested name never becomes a path.
        Ok(self.messages().await?.into_iter().find(|stored| stored.name == name))
    }
}

impl Mailer for Outbox {
    fn send(&self, message: Message) -> Sending<'_> {
        let now = Timestamp::from((self.clock)());
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        // Another process may write to the same folder.
        let mut unique = [0; 4];
        (self.random)(&mut unique);
        let name = format!("{:015}-{number:06}-{}", now.millis(), hex::encode(unique));
        let place = Arc::clone(&self.place);
        Box::pin(async move {
            let content = to_json(&message, now);
            let stored = task::spawn_blocking(move || place.store(name, &content)).await;
            stored.map_err(MailError::new)?.map_err(MailError::new)
        })
    }
}

impl Place {
    /// A reader sees the whole file or nothing.
    fn store(&self, name: String, content: &Value) -> io::Result<()> {
        let content = format!("{content:#}\n");
        match self {
            Self::Memory(messages) => {
                messages.lock().unwrap_or_else(PoisonError::into_inner).push((name, content));
                Ok(())
            }
            Self::Folder(folder) => {
                let draft = folder.join(format!("{name}.draft"));
                let mut file = private_file(&draft)?;
                file.write_all(content.as_bytes())?;
                file.sync_all()?;
                fs::rename(&draft, folder.join(format!("{name}.json")))?;
                fs::File::open(folder)?.sync_all()
            }
        }
    }

    fn newest(&self) -> io::Result<Vec<StoredMessage>> {
        let mut stored = match self {
            Self::Memory(messages) => messages.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Folder(folder) => newest_files(folder)?,
        };
        stored.sort();
        // Other files in the folder are ignored.
        Ok(stored
            .into_iter()
            .rev()
            .take(SHOWN)
            .filter_map(|(name, content)| from_json(name, &content))
            .collect())
    }
}

fn newest_files(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Some(name) = entry?.file_name().to_str().and_then(|name| name.strip_suffix(".json")) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    names
        .into_iter()
        .rev()
        .take(SHOWN)
        .map(|name| Ok((name.clone(), fs::read_to_string(folder.join(format!("{name}.json")))?)))
        .collect()
}

/// Written out instead of derived: a message contains a token and must not become serializable by accident.
fn to_json(message: &Message, now: Timestamp) -> Value {
    let Message { to, subject, link, text, html } = message;
    json!({ "sentAt": now.to_string(), "to": to, "subject": subject, "link": link, "text": text, "html": html })
}

fn from_json(name: String, content: &str) -> Option<StoredMessage> {
    let content: Value = serde_json::from_str(content).ok()?;
    let field = |name: &str| content.get(name)?.as_str().map(ToOwned::to_owned);
    Some(StoredMessage {
        name,
        sent_at: field("sentAt")?,
        message: Message {
            to: field("to")?,
            subject: field("subject")?,
            link: field("link")?,
            text: field("text")?,
            html: field("html")?,
        },
    })
}

impl StoredMessage {
    /// The content of the file, with its name.
    pub(crate) fn to_json(&self) -> Value {
        let Message { to, subject, link, text, html } = &self.message;
        json!({ "name": self.name, "sentAt": self.sent_at, "to": to, "subject": subject, "link": link, "text": text, "html": html })
    }
}

/// Creates a folder, and its parents, that only its owner can open. An existing folder stays as it is.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
