//! For any answer of an OpenID provider: nothing panics, only an ID token for this attempt signs anybody in, a session
//! never becomes another person's, and only a refusal ends it.
#![no_main]

use ironleaf_auth::{Caller, Grant, Provider, RefreshOutcome, SignIn, SignInError, SignedIn};
use ironleaf_providers_fuzz::{
    CLIENT, ISSUER, NONCE, NOW_SECS, WORLD, answer, json_answer, now, run, signed,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

// The first byte selects the status of the token endpoint, the bits of the second how the ID token is made. Then, apart
// by zero bytes: the answer of the token endpoint or the claims of its ID token, and the answer of userinfo.
fuzz_target!(|input: &[u8]| {
    let [status, kind, rest @ ..] = input else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    WORLD.answers("/userinfo", answer(200, second.to_vec()));
    let claims = (kind & 1 != 0).then(|| serde_json::from_slice::<Value>(first).ok()).flatten();
    let tokens = match &claims {
        Some(claims) => json_answer(&json!({
            "access_token": "a1", "refresh_token": "r2", "expires_in": 60, "id_token": signed("JWT", claims),
        })),
        None => answer(status, first.to_vec()),
    };
    WORLD.answers("/token", tokens.clone());
    if let Ok(signed_in) = sign_in() {
        assert!(tokens.status().is_success(), "signed in by a {}", tokens.status());
        let claims = claims.as_ref().expect("nobody else can sign a token");
        is_for_this_attempt(claims, &signed_in);
    }
    refresh(tokens);
});

fn sign_in() -> Result<SignedIn, SignInError> {
    let attempt = SignIn::AuthorizationCode {
        code: "a code".into(),
        code_verifier: "a verifier".into(),
        redirect_uri: "https://app.test/callback".to_owned(),
        nonce: Some(NONCE.into()),
        issuer: None,
    };
    run(WORLD.provider.sign_in(&Caller::default(), attempt, None))
}

fn is_for_this_attempt(claims: &Value, signed_in: &SignedIn) {
    let identity = signed_in.grant.identity.as_ref().expect("somebody");
    assert_eq!(claims["sub"], identity.id.as_str());
    assert_eq!((&claims["iss"], &claims["nonce"]), (&json!(ISSUER), &json!(NONCE)));
    assert!(
        claims["aud"] == CLIENT
            || claims["aud"].as_array().is_some_and(|all| all.iter().all(|one| one == CLIENT))
    );
    assert!(signed_in.authenticated_at <= now());
    assert!(identity.roles.iter().map(|role| role.name().len()).sum::<usize>() <= 2048);
    assert!(identity.claims.values().all(|claim| claim.len() <= 128));
}

/// The grant of a usual sign-in.
fn grant() -> Grant {
    let claims = json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "u1", "nonce": NONCE, "iat": NOW_SECS, "exp": NOW_SECS + 60,
        "email": "user@test.com", "realm": { "roles": ["admin"] },
    });
    WORLD.answers(
        "/token",
        json_answer(&json!({
            "access_token": "a1", "refresh_token": "r1", "expires_in": 60, "id_token": signed("JWT", &claims),
        })),
    );
    sign_in().expect("these answers are good").grant
}

fn refresh(tokens: ironleaf_auth::Response) {
    let known = grant();
    WORLD.answers("/token", tokens.clone());
    match run(WORLD.provider.refresh(&Caller::default(), &known)) {
        RefreshOutcome::Rotated(grant) => {
            assert!(tokens.status().is_success());
            assert_eq!(grant.identity.expect("somebody").id, "u1");
        }
        RefreshOutcome::Rejected(_) => {
            let is_about_another = tokens.status().is_success();
            assert!(is_about_another || tokens.status().is_client_error(), "ended by a {}", tokens.status());
        }
        RefreshOutcome::NotSent(_) => panic!("the issuer has answered"),
        RefreshOutcome::Unspent { .. } => assert!(tokens.status().is_client_error()),
        RefreshOutcome::InDoubt { answered, .. } => assert!(answered),
    }
}
