use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ironleaf_auth::SecretText;
use ironleaf_jwks::{KeySet, OtherAudiences, Rules};

use super::signing::pem;
use super::*;

async fn token_request(authentication: ClientAuthentication, client_id: &str) -> (World, Request) {
    let world = World::with(|settings| {
        settings.authentication = authentication;
        settings.client_id = client_id.to_owned();
    });
    world.issues(&world.claims_with(|claims| claims["aud"] = client_id.into()));
    world.sign_in().await.unwrap();
    let requests = world.take_requests();
    let request = requests.into_iter().find(|request| request.uri().path() == "/token").unwrap();
    (world, request)
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.body()).into_owned().collect()
}

#[tokio::test]
async fn a_secret_in_the_header_is_form_encoded_first() {
    let secret = ClientAuthentication::SecretBasic("p:a%s s+w/ör&d".into());
    let (_, request) = token_request(secret, "my client:1").await;
    let header = &request.headers()["authorization"];
    assert!(header.is_sensitive());
    let pair = STANDARD.decode(header.to_str().unwrap().strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(String::from_utf8(pair).unwrap(), "my+client%3A1:p%3Aa%25s+s%2Bw%2F%C3%B6r%26d");
    let form = form(&request);
    assert!(!form.contains_key("client_secret") && !form.contains_key("client_id"));
}

#[tokio::test]
async fn a_secret_in_the_body_and_a_public_client_name_the_client() {
    let (_, request) = token_request(ClientAuthentication::SecretPost("s+1".into()), CLIENT).await;
    assert_eq!(
        (form(&request)["client_id"].as_str(), form(&request)["client_secret"].as_str()),
        (CLIENT, "s+1")
    );
    let (_, request) = token_request(ClientAuthentication::Public, CLIENT).await;
    assert_eq!(form(&request)["client_id"], CLIENT);
    assert!(!form(&request).contains_key("client_secret"));
    assert_eq!(request.headers().get("authorization"), None);
}

#[tokio::test]
async fn a_signed_statement_is_for_one_request_and_one_reader() {
    for (audience, expected) in
        [(AssertionAudience::TokenEndpoint, "https://id.test/token"), (AssertionAudience::Issuer, ISSUER)]
    {
        let key = ClientKey::from_pem(&pem(), Algorithm::EdDSA, Some(KID.to_owned())).unwrap();
        let key = ClientAuthentication::PrivateKeyJwt(key.addressed_to(audience));
        let (world, request) = token_request(key, CLIENT).await;
        let form = form(&request);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let rules = Rules {
            max_age: Some(Duration::from_secs(1)),
            other_audiences: OtherAudiences::RefusedExcept(Vec::new()),
            required: vec!["exp", "iat", "jti"],
            subject: Some(CLIENT.to_owned()),
            ..Rules::plain_access_token(CLIENT, expected)
        };
        let keys = KeySet::parse(key_set().to_string().as_bytes()).unwrap();
        let verified = keys.verify(&form["client_assertion"], &rules, world.now()).unwrap();
        let life = verified.expires_at().unwrap().duration_since(world.now()).unwrap();
        assert_eq!(life, Duration::from_mins(1));
        assert_eq!(verified.kid.as_deref(), Some(KID));
        assert_eq!(verified.text("jti"), Some(URL_SAFE_NO_PAD.encode([7; 16]).as_str()));
    }
}

#[test]
fn a_key_that_cannot_sign_is_noticed_when_it_is_read() {
    let read = |pem: SecretText, algorithm| ClientKey::from_pem(&pem, algorithm, None).err();
    assert_eq!(read(pem(), Algorithm::EdDSA), None);
    assert_eq!(read(pem(), Algorithm::RS256), Some(ClientKeyError::NotAKey));
    assert_eq!(read(pem(), Algorithm::HS256), Some(ClientKeyError::Symmetric));
    assert_eq!(read("no key".into(), Algorithm::EdDSA), Some(ClientKeyError::NotAKey));
    assert_eq!(read("".into(), Algorithm::ES256), Some(ClientKeyError::NotAKey));
}

#[test]
fn printing_shows_no_secret() {
    let key = ClientKey::from_pem(&pem(), Algorithm::EdDSA, Some(KID.to_owned())).unwrap();
    let all = [
        ClientAuthentication::SecretBasic("hunter2".into()),
        ClientAuthentication::SecretPost("hunter2".into()),
        ClientAuthentication::PrivateKeyJwt(key),
    ];
    let text = format!("{all:?}");
    assert!(!text.contains("hunter2") && !text.contains("157"), "{text}");
    assert!(text.contains(KID));
}
