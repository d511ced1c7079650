//! Tells open pages what was built, in the protocol of cargo-leptos. `app/src/reload.js` understands both.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tungstenite::{Message, WebSocket};

/// A page that does not accept a line within this time is gone.
const TIMEOUT: Duration = Duration::from_secs(1);

type Pages = Arc<Mutex<Vec<WebSocket<TcpStream>>>>;

/// The pages that listen.
#[derive(Debug)]
pub(crate) struct Announcer(Pages);

impl Announcer {
    /// Listens until the program ends.
    ///
    /// # Errors
    ///
    /// If the address cannot be used.
    pub(crate) fn listen(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let pages = Pages::default();
        let listening = Arc::clone(&pages);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let pages = Arc::clone(&listening);
                // A client that is not a page may be slow.
                thread::spawn(move || welcome(stream, &pages));
            }
        });
        Ok(Self(pages))
    }

    /// Announces that the style at this path has changed.
    pub(crate) fn style(&self, path: &str) {
        self.send(&serde_json::json!({ "css": path, "view": null, "all": false }).to_string());
    }

    /// Announces that anything may have changed.
    pub(crate) fn all(&self) {
        self.send(&serde_json::json!({ "css": null, "view": null, "all": true }).to_string());
    }

    fn send(&self, text: &str) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A page that was closed or reloaded is gone. The new page connects again.
        pages.retain_mut(|page| page.send(Message::text(text)).is_ok());
    }
}

fn welcome(stream: TcpStream, pages: &Pages) {
    let prepared = stream
        .set_read_timeout(Some(TIMEOUT))
        .and_then(|()| stream.set_write_timeout(Some(TIMEOUT)))
        .and_then(|()| stream.set_nodelay(true));
    if prepared.is_err() {
        return;
    }
    // A client without WebSocket gets no answer.
    if let Ok(page) = tungstenite::accept(stream) {
        pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_hears_of_every_change() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let announcer = Announcer::listen(free).unwrap();
        let connect = || {
            let stream = TcpStream::connect(free).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            tungstenite::client(format!("ws://{free}/live_reload"), stream).unwrap().0
        };
        let mut pages = [connect(), connect()];
        // The handshake is answered before the page is on the list.
        while announcer.0.lock().unwrap().len() < pages.len() {
            thread::yield_now();
        }
        announcer.style("pkg/ironleaf.css");
        announcer.all();
        for page in &mut pages {
            let style = page.read().unwrap().into_text().unwrap();
            assert_eq!(style.as_str(), r#"{"all":false,"css":"pkg/ironleaf.css","view":null}"#);
            let all = page.read().unwrap().into_text().unwrap();
            assert_eq!(all.as_str(), r#"{"all":true,"css":null,"view":null}"#);
        }
    }
}
