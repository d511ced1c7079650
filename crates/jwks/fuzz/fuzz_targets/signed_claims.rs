//! For any header and any claims that the provider signs: nothing panics, and what is accepted obeys the rules.
//!
//! The first line of the input is the header, the rest are the claims.
#![no_main]

use ironleaf_jwks_fuzz::{ISSUER, KEYS, all_rules, now, sign};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, claims) = input.split_at(line);
    let token = sign(header, claims);
    for rules in all_rules() {
        let Ok(verified) = KEYS.verify(&token, &rules, now()) else { continue };
        assert_eq!(verified.issuer(), Some(ISSUER));
        assert!(rules.required.iter().all(|name| verified.claims.contains_key(*name)));
        assert!(rules.forbidden.iter().all(|name| !verified.claims.contains_key(*name)));
        assert!(verified.expires_at().is_some_and(|end| end + rules.skew > now()));
        assert!(verified.issued_at().is_none_or(|issued| issued <= now() + rules.skew));
        let scopes = verified.scopes();
        assert!(scopes.iter().all(|scope| !scope.is_empty() && !scope.contains(' ')));
        // It does not depend on the rest of the header which key signed it.
        assert_eq!(verified.kid.as_deref().unwrap_or("ed"), "ed");
        let _ = verified.check_access_token("an access token");
    }
});
