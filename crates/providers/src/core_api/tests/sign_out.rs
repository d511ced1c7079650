use super::*;

async fn sign_out(answers: impl IntoIterator<Item = Answer>) -> (Result<(), TransportError>, Arc<Script>) {
    let (provider, script) = scripted(answers);
    let mut grant = grant(None).await;
    grant.set(IDEMPOTENCY_KEY, "key");
    (provider.sign_out(&caller(), &grant).await, script)
}

#[tokio::test]
async fn the_token_is_spent_and_then_presented_again() {
    let (sign_out, script) = sign_out([tokens("r2"), refused()]).await;
    assert_eq!(sign_out, Ok(()));
    let presented = json!({ "email": "user@test.com", "refreshToken": "r1" });
    let bodies: Vec<Value> = script.asked().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, [presented.clone(), presented]);
    for index in 0..2 {
        assert_eq!(script.header(index, "idempotency-key"), None, "the API would give the same pair again");
    }
    let says_so = [0, 1].map(|index| script.header(index, "sign-out"));
    assert_eq!(says_so, [None, Some("true".to_owned())], "the spent token is not stolen");
}

#[tokio::test]
async fn a_lost_answer_does_not_end_the_effort() {
    for answers in [
        vec![lost(), refused()],
        vec![lost(), tokens("r2"), refused()],
        vec![tokens("r2"), lost(), refused()],
    ] {
        let (sign_out, _) = sign_out(answers).await;
        assert_eq!(sign_out, Ok(()));
    }
}

#[tokio::test]
async fn a_failure_is_reported() {
    for (answers, not_sent) in [
        (vec![unreachable()], true),
        (vec![tokens("r2"), unreachable()], true),
        (vec![lost(), lost(), lost()], false),
        (vec![error(500, "Down"), error(500, "Down"), error(500, "Down")], false),
        (vec![tokens("r2"), tokens("r3"), tokens("r4")], false),
        (vec![refused(), lost()], false),
    ] {
        let (sign_out, _) = sign_out(answers).await;
        let failure = sign_out.expect_err("a failure");
        assert_eq!(matches!(failure, TransportError::NotSent(_)), not_sent, "{failure:?}");
    }
}

#[tokio::test]
async fn a_changed_address_is_followed() {
    let (sign_out, script) = sign_out([refused(), user("new@test.com", None), tokens("r2"), refused()]).await;
    assert_eq!(sign_out, Ok(()));
    let last = json!({ "email": "new@test.com", "refreshToken": "r1" });
    assert_eq!(script.asked()[3].1, last);
}
