//! What a browser with an empty cache loads for a page: the document and the files that its head names, with Brotli.
//! `cargo xtask size` asks a browser and checks budgets; this needs no browser.

use super::program::Program;
use super::results::{Measurement, Unit};
use crate::failure::{Failure, Result};

const KINDS: [&str; 5] = ["html", "css", "js", "wasm", "other"];

/// The attributes in a head that name files to load.
const REFERENCES: [&str; 4] = ["href=\"", "src=\"", "data-islands=\"", "data-wasm=\""];

/// # Errors
///
/// If the page or one of its files is not answered with 200.
pub(super) fn measure(application: &Program, path: &str, cookie: Option<&str>) -> Result<Vec<Measurement>> {
    println!("the bytes of {path}");
    let mut headers = vec![("Accept-Encoding", "br"), ("Accept", "text/html")];
    headers.extend(cookie.map(|cookie| ("Cookie", cookie)));
    let document = answered(application, path, &headers)?;
    let mut bytes = [document.len(), 0, 0, 0, 0];
    let parts = references(&String::from_utf8_lossy(&document));
    for part in &parts {
        bytes[kind(part)] += answered(application, part, &headers[..1])?.len();
    }
    let subject = format!("{path}, loaded");
    let mut measured: Vec<Measurement> = KINDS
        .into_iter()
        .zip(bytes)
        .map(|(kind, bytes)| Measurement::new(&subject, kind, Unit::Bytes, count(bytes)))
        .collect();
    measured.push(Measurement::new(&subject, "requests", Unit::Count, count(1 + parts.len())));
    Ok(measured)
}

fn answered(application: &Program, path: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>> {
    let answer = application.get(path, headers)?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    Err(Failure::new(format!("{path} is answered with {}.", answer.status)))
}

fn references(document: &str) -> Vec<String> {
    let head = document.split("</head>").next().unwrap_or_default();
    let mut found: Vec<String> = REFERENCES
        .iter()
        .flat_map(|attribute| head.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|path| path.starts_with('/'))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The index in [`KINDS`].
fn kind(path: &str) -> usize {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    KINDS.iter().position(|kind| *kind == extension).unwrap_or(KINDS.len() - 1)
}

#[expect(clippy::cast_precision_loss, reason = "no page has 2^52 bytes")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_loads_is_what_its_head_names() {
        let document = r#"<html><head><link rel="icon" href="/favicon.svg"><link href="/pkg/a.css" rel="stylesheet">
            <script src="/pkg/site.1.js" data-islands="/pkg/a.js" data-wasm="/pkg/a.wasm"></script>
            <script src="/pkg/site.1.js"></script></head><body><a href="/register">x</a></body></html>"#;
        let found = references(document);
        assert_eq!(found, ["/favicon.svg", "/pkg/a.css", "/pkg/a.js", "/pkg/a.wasm", "/pkg/site.1.js"]);
        let kinds: Vec<_> = found.iter().map(|path| KINDS[kind(path)]).collect();
        assert_eq!(kinds, ["other", "css", "js", "wasm", "js"]);
    }
}
