//! For any query of the callback and any cookies beside those of the attempt: nothing panics, and only the one right
//! answer signs anybody in, once.
#![no_main]

use ironleaf_bff::{RedirectFailure, SignInFailure};
use ironleaf_bff_fuzz::{CODE, ISSUER, WORLD};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// What cannot be written into the target of a request.
const NOT_IN_A_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'`');

// The first line is the query, in which `$state` and `$other` stand for the state of this browser's attempt and of
// another's. The next two are cookies before and after those of the browser.
fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let [query, before, after] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let (out, other) = (WORLD.leave(), WORLD.leave());
    let query = percent_encode(query, NOT_IN_A_TARGET).to_string();
    let query = query.replace("$state", &out.state).replace("$other", &other.state);
    let Some(ended) = WORLD.come_back(&out, &query, before, after) else { return };

    let is_right = is_right(&query, &out.state);
    let is_in = ended.outcome.is_ok();
    assert!(!is_in || is_right, "{query:?} signed somebody in");
    assert_eq!((ended.person.as_deref(), ended.has_session), (is_in.then_some("42"), is_in), "{query:?}");
    assert!(
        ended.asked <= u32::from(has(&query, "state", &out.state)),
        "a code of another attempt was sent: {query:?}"
    );
    if before.is_empty() && after.is_empty() {
        assert_eq!(is_in, is_right, "{query:?}: {:?}", ended.outcome);
    }
    if let Err(failure) = ended.outcome {
        let is_known = matches!(
            failure,
            RedirectFailure::UnknownAttempt
                | RedirectFailure::Refused(_)
                | RedirectFailure::SignIn(SignInFailure::InvalidCredentials | SignInFailure::SessionTooLarge)
        );
        assert!(is_known, "{query:?}: {failure:?}");
    }
    let again = WORLD.come_back(&out, &query, before, after).expect("it was accepted before");
    assert!(!is_in || again.outcome == Err(RedirectFailure::UnknownAttempt), "{query:?} was accepted twice");
});

/// Whether this is the answer to the attempt with this state (RFC 6749, section 4.1.2; RFC 9207).
fn is_right(query: &str, state: &str) -> bool {
    let issuer = values(query, "iss");
    has(query, "state", state)
        && has(query, "code", CODE)
        && values(query, "error").is_empty()
        && (issuer.is_empty() || issuer == [ISSUER])
}

/// Whether the parameter is there once, with this value.
fn has(query: &str, name: &str, value: &str) -> bool {
    values(query, name) == [value]
}

fn values(query: &str, name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
}
