//! For any logout token: nothing panics, and it ends only what a genuine token with the event of a logout names.
#![no_main]

use std::time::Duration;

use ironleaf_auth::EndedAtProvider;
use ironleaf_auth::Provider;
use ironleaf_providers_fuzz::{CLIENT, ISSUER, WORLD, now, run, signed};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

// A JSON value is the claims of a token that the issuer signs. Anything else is a token.
fuzz_target!(|input: &[u8]| {
    let Ok(claims) = serde_json::from_slice::<Value>(input) else {
        let token = String::from_utf8_lossy(input).into_owned();
        let ended = run(WORLD.provider.logout_notice(&token.into()));
        assert!(ended.is_err(), "a token that nobody signed ended {ended:?}");
        return;
    };
    let token = signed("logout+jwt", &claims);
    let Ok(notice) = run(WORLD.provider.logout_notice(&token.into())) else {
        return;
    };
    assert_eq!((claims["iss"].as_str(), claims["jti"].as_str()), (Some(ISSUER), Some(notice.id.as_str())));
    assert!(
        claims["aud"] == CLIENT
            || claims["aud"].as_array().is_some_and(|all| all.iter().all(|one| one == CLIENT))
    );
    assert!(claims["events"][EVENT].is_object() && claims.get("nonce").is_none());
    let named = match notice.ended {
        EndedAtProvider::Sessions(sids) => (claims["sid"].clone(), sids[0].clone()),
        EndedAtProvider::Person(subject) => {
            assert!(claims["sid"].is_null(), "everybody's session ended in place of one");
            (claims["sub"].clone(), subject)
        }
    };
    assert_eq!(named.0, named.1.as_str());
    assert!(!named.1.is_empty() && named.1.len() <= 255);
    // Its identifier is remembered for a bounded time.
    assert!(notice.expires_at <= now() + Duration::from_mins(7));
});
