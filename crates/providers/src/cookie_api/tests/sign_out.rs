use super::*;

fn ok() -> Answer {
    answer(200, &json!({ "message": "Logged out" }))
}

const LOGOUT: &str = "POST /api/auth/logout";

#[tokio::test]
async fn both_cookies_go_to_the_sign_out() {
    for answer in
        [ok(), text(204, ""), error(401, &json!("Unauthorized")), error(403, &json!("Access Denied"))]
    {
        let (provider, script) = scripted([answer]);
        assert_eq!(provider.sign_out(&caller(), &grant().await).await, Ok(()));
        assert_eq!(script.asked(), [asked(LOGOUT, "access_token=a1; refresh_token=r1")]);
    }
}

#[tokio::test]
async fn an_expired_access_cookie_is_renewed_first() {
    let (provider, script) = scripted([tokens("a2", "r2"), ok()]);
    assert_eq!(provider.sign_out(&caller(), &expired().await).await, Ok(()));
    let calls = [
        asked("POST /api/auth/refresh", "refresh_token=r1"),
        asked(LOGOUT, "access_token=a2; refresh_token=r2"),
    ];
    assert_eq!(script.asked(), calls);

    let (provider, script) = scripted([error(401, &json!("Unauthorized"))]);
    assert_eq!(provider.sign_out(&caller(), &expired().await).await, Ok(()), "it is over already");
    assert_eq!(script.asked().len(), 1);
}

/// The lifecycle repeats a sign-out only if nothing was sent. After a refresh, a repetition would be a reuse.
#[tokio::test]
async fn what_was_sent_is_never_reported_as_not_sent() {
    let throttled = || text(429, "");
    for (answers, was_sent) in [
        (vec![unreachable()], false),
        (vec![throttled()], false),
        (vec![lost()], true),
        (vec![error(500, &json!("Internal server error"))], true),
        (vec![tokens("a2", "r2"), unreachable()], true),
        (vec![tokens("a2", "r2"), throttled()], true),
        (vec![tokens("a2", "r2"), lost()], true),
        (vec![tokens("a2", "r2"), text(502, "<html>")], true),
    ] {
        let (provider, script) = scripted(answers.clone());
        let told = provider.sign_out(&caller(), &expired().await).await;
        assert_eq!(matches!(told, Err(TransportError::Interrupted(_))), was_sent, "{answers:?}: {told:?}");
        assert_eq!(matches!(told, Err(TransportError::NotSent(_))), !was_sent, "{answers:?}: {told:?}");
        assert_eq!(script.asked().len(), answers.len());
    }
}

#[tokio::test]
async fn a_sign_out_that_fails_is_reported() {
    for (answer, was_sent) in
        [(lost(), true), (unreachable(), false), (text(429, ""), false), (text(500, ""), true)]
    {
        let (provider, _) = scripted([answer]);
        let told = provider.sign_out(&caller(), &grant().await).await;
        assert_eq!(matches!(told, Err(TransportError::Interrupted(_))), was_sent, "{told:?}");
        assert!(told.is_err());
    }
}

#[tokio::test]
async fn an_api_without_a_sign_out_is_not_called() {
    let (provider, script) = scripted_with([], |settings| settings.logout_path = None);
    assert_eq!(provider.sign_out(&caller(), &expired().await).await, Ok(()));
    assert_eq!(script.asked(), []);
}
