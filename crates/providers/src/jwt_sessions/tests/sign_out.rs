use super::*;

#[tokio::test]
async fn a_sign_out_shows_the_refresh_token_which_outlives_the_access_token() {
    let (provider, script) = scripted(settings(), [text(200, "\"ok\"")]);
    assert_eq!(provider.sign_out(&caller(), &grant().await).await, Ok(()));
    assert_eq!(script.asked(), ["DELETE /api/logout"]);
    assert_eq!(script.header(0, "x-refresh-token"), Some(refresh_token()));
    assert_eq!(script.header(0, "content-length").as_deref(), Some("0"));
    assert_eq!(script.header(0, "authorization"), None);
}

#[tokio::test]
async fn a_session_that_was_over_is_signed_out_and_a_failure_is_reported() {
    for (answer, failure) in [
        (text(204, ""), None),
        (text(401, "Unauthorized"), None),
        (throttled(), Some(true)),
        (unreachable(), Some(true)),
        (lost(), Some(false)),
        (text(500, ""), Some(false)),
        (text(404, "<html>"), Some(false)),
        (text(302, ""), Some(false)),
    ] {
        let shown = format!("{answer:?}");
        let (provider, script) = scripted(settings(), [answer]);
        let result = provider.sign_out(&caller(), &grant().await).await;
        let not_sent = result.err().map(|error| matches!(error, TransportError::NotSent(_)));
        assert_eq!(not_sent, failure, "{shown}");
        assert_eq!(script.asked().len(), 1);
    }
}
