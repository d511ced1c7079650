use ironleaf_auth::SignOutReturn;

use super::*;

fn back() -> SignOutReturn {
    SignOutReturn { uri: "https://app.test/signed-out".to_owned(), state: "a state".into() }
}

async fn sign_out(world: &World, grant: &Grant) -> Result<(), TransportError> {
    world.provider.sign_out(&Caller::default(), grant).await
}

#[tokio::test]
async fn the_refresh_token_is_revoked_and_the_access_token_only_if_there_is_no_other() {
    let world = World::new();
    let mut grant = world.grant().await;
    assert_eq!(sign_out(&world, &grant).await, Ok(()));
    let form: HashMap<_, _> = world.form("/revoke").into_iter().collect();
    assert_eq!((form["token"].as_str(), form["token_type_hint"].as_str()), ("r1", "refresh_token"));
    assert_eq!(form["client_secret"], "a secret");
    assert_eq!(world.take_calls(), ["/revoke"]);

    grant.remove(grant::REFRESH_TOKEN);
    assert_eq!(sign_out(&world, &grant).await, Ok(()));
    let form: HashMap<_, _> = world.form("/revoke").into_iter().collect();
    assert_eq!((form["token"].as_str(), form["token_type_hint"].as_str()), (ACCESS, "access_token"));
    world.take_calls();

    grant.remove(grant::ACCESS_TOKEN);
    assert_eq!(sign_out(&world, &grant).await, Ok(()));
    assert_eq!(world.take_calls(), [""; 0]);
}

#[tokio::test]
async fn a_failed_revocation_is_reported() {
    let world = World::new();
    let grant = world.grant().await;
    for answer in [unreachable(), lost(), text(500, ""), text(404, ""), oauth_error(401, "invalid_client")] {
        world.answers("/revoke", [answer.clone()]);
        assert!(sign_out(&world, &grant).await.is_err(), "{answer:?}");
    }
    // RFC 7009, section 2.2: what is not valid any more is as good as revoked.
    world.answers("/revoke", [oauth_error(400, "invalid_token")]);
    assert_eq!(sign_out(&world, &grant).await, Ok(()));
}

#[tokio::test]
async fn a_provider_without_these_endpoints_is_left_alone() {
    let world = World::new();
    world.describes(|metadata| {
        let metadata = metadata.as_object_mut().unwrap();
        metadata.remove("revocation_endpoint");
        metadata.remove("end_session_endpoint");
    });
    let grant = world.grant().await;
    assert_eq!(sign_out(&world, &grant).await, Ok(()));
    assert_eq!(world.provider.sign_out_url(&grant, &back()), None);
    assert_eq!(world.take_calls(), [""; 0]);
}

#[tokio::test]
async fn the_browser_ends_the_session_at_the_provider_and_comes_back() {
    let world = World::new();
    let mut grant = world.grant().await;
    let url: url::Url = world.provider.sign_out_url(&grant, &back()).unwrap().parse().unwrap();
    assert_eq!(url.path(), "/leave");
    let sent: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(sent["id_token_hint"], signed(&world.claims()));
    for (name, value) in [
        ("client_id", CLIENT),
        ("post_logout_redirect_uri", "https://app.test/signed-out"),
        ("state", "a state"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    grant.remove(grant::ID_TOKEN);
    let url = world.provider.sign_out_url(&grant, &back()).unwrap();
    assert!(!url.contains("id_token_hint") && url.contains("client_id=app"), "{url}");
    for secret in [ACCESS, "r1", "secret"] {
        assert!(!url.contains(secret));
    }
    assert_eq!(world.take_calls(), [""; 0]);
    assert_eq!(
        World::new().provider.sign_out_url(&grant, &back()),
        None,
        "not known yet, and nobody is asked"
    );
}
