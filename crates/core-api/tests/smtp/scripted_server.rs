//! A mail server that answers as a test tells it, for answers that a real one gives only when it is broken.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

pub(crate) struct ScriptedServer {
    address: SocketAddr,
}

impl ScriptedServer {
    /// Answers each line that begins with a word of the script, and a farewell. Other lines get no answer.
    pub(crate) fn start(script: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || converse(&listener.accept().unwrap().0, script));
        Self { address }
    }

    pub(crate) fn url(&self, credentials: &str) -> String {
        format!("smtp://{credentials}{}", self.address)
    }
}

/// Ends when the client hangs up.
fn converse(mut stream: &TcpStream, script: &[(&str, &str)]) {
    stream.write_all(b"220 scripted\r\n").unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let known = script.iter().chain(&[("QUIT", "221 bye")]);
        if let Some((_, answer)) = known.into_iter().find(|(word, _)| line.starts_with(word)) {
            // The client may have disconnected.
            let _ = stream.write_all(format!("{answer}\r\n").as_bytes());
        }
    }
}
