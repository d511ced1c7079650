use super::*;

fn ok() -> Answer {
    answer(200, &json!({ "message": "Logged out" }))
}

const LOGOUT: &str = "POST /api/auth/logout";

#[tokio::test]
async fn both_cookies_go_to_the_sign_out() {
    for answer in [ok(), text(204, "")] {
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

/// Its answer is about the access cookie. The refresh cookie lives on, for whoever has a copy.
#[tokio::test]
async fn an_access_cookie_that_the_api_refuses_is_renewed_once() {
    let refused = || error(401, &json!("Unauthorized"));
    let with_old = asked(LOGOUT, "access_token=a1; refresh_token=r1");
    let renewal = asked("POST /api/auth/refresh", "refresh_token=r1");
    let with_new = asked(LOGOUT, "access_token=a2; refresh_token=r2");

    let (provider, script) = scripted([refused(), tokens("a2", "r2"), ok()]);
    assert_eq!(provider.sign_out(&caller(), &grant().await).await, Ok(()));
    assert_eq!(script.asked(), [with_old, renewal, with_new]);

    let (provider, script) = scripted([refused(), refused()]);
    assert_eq!(provider.sign_out(&caller(), &grant().await).await, Ok(()), "it is over already");
    assert_eq!(script.asked().len(), 2);

    // Nothing after the first request is reported as not sent.
    for answers in [
        vec![refused(), tokens("a2", "r2"), refused()],
        vec![refused(), tokens("a2", "r2"), text(429, "")],
        vec![refused(), tokens("a2", "r2"), unreachable()],
        vec![refused(), tokens("a2", "r2"), lost()],
        vec![refused(), unreachable()],
        vec![refused(), text(429, "")],
        vec![refused(), lost()],
    ] {
        let (provider, script) = scripted(answers.clone());
        let told = provider.sign_out(&caller(), &grant().await).await;
        assert!(matches!(told, Err(TransportError::Interrupted(_))), "{answers:?}: {told:?}");
        assert_eq!(script.asked().len(), answers.len());
    }

    let (provider, script) = scripted([tokens("a2", "r2"), refused()]);
    let told = provider.sign_out(&caller(), &expired().await).await;
    assert!(matches!(told, Err(TransportError::Interrupted(_))), "renewed already: {told:?}");
    assert_eq!(script.asked().len(), 2);
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
    for (answer, was_sent) in [
        (lost(), true),
        (unreachable(), false),
        (text(429, ""), false),
        (text(500, ""), true),
        // Of the API, where the refresh cookie lives on; and of a proxy.
        (error(403, &json!("Forbidden")), true),
        (text(403, "<html>"), true),
        (text(401, "<html>"), true),
    ] {
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
