//! Every accepted place to return to is on this origin, both for a browser and for a proxy that decodes.
#![no_main]

#[path = "../../src/return_to.rs"]
mod return_to;

use libfuzzer_sys::fuzz_target;
use return_to::ReturnTo;
use url::Url;

fuzz_target!(|input: &str| {
    let Some(place) = ReturnTo::parse(input) else { return };
    let text = place.to_string();
    assert!(
        text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'),
        "{input:?} is no header: {text:?}"
    );
    assert_eq!(
        ReturnTo::parse(place.as_str()).as_ref(),
        Some(&place),
        "{input:?} changes when it is read again"
    );
    for written in [text.clone(), decoded(&text)] {
        assert!(written.starts_with('/') && !written.starts_with("//"), "{input:?} leads to {written:?}");
        let base = Url::parse("https://app.example").expect("it is a URL");
        let url = base.join(&written).expect("a path joins every base");
        assert_eq!(url.origin(), base.origin(), "{input:?} leads to {url}");
    }
    for mut path in [place.path().to_owned(), decoded(place.path())] {
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        let is_form = path.strip_prefix("/api/").is_some_and(|name| !name.contains('/'));
        assert!(!is_form, "{input:?} leads to a server function at {path:?}");
    }
    assert!(place.query_pairs().all(|(name, value)| name.len() + value.len() <= input.len()));
});

/// Decodes once, as a proxy does.
fn decoded(text: &str) -> String {
    let fields = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(fields.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}
