//! A plain axum route that answers `/login` with fixed bytes. It shows what an answer of that size costs without the
//! work to produce it. `cargo xtask bench` starts it as `floor ADDRESS FOLDER`; the folder has the answer's `head` and
//! `body`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(folder)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err("usage: floor ADDRESS FOLDER".into());
    };
    let head = head(&fs::read_to_string(folder.join("head"))?)?;
    let body = Bytes::from(fs::read(folder.join("body"))?);
    let answer = get(move || std::future::ready((head.clone(), body.clone())));
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // The application does the same. Without it the answer is only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().route("/login", answer)).await?;
    Ok(())
}

fn head(lines: &str) -> Result<HeaderMap, Box<dyn Error>> {
    let mut head = HeaderMap::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").ok_or_else(|| format!("`{line}` is no header"))?;
        head.append(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
    }
    Ok(head)
}
