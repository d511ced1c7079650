use std::sync::Mutex;

use async_trait::async_trait;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, AuthorizedCalls, CallError, FieldError, FieldReason, Request,
    Response,
};

use super::*;

const GUEST_TOKEN: &str = "auth POST /oauth/shop/anonymous/token";
const SIGN_UP: &str = "api POST /shop/me/signup";
const REVOKE: &str = "auth POST /oauth/token/revoke";

fn created() -> Answer {
    let customer = json!({ "id": "c9", "version": 1, "email": "new@test.com", "isEmailVerified": false });
    answer(201, &json!({ "customer": customer }))
}

async fn register(provider: &CommercetoolsProvider) -> Result<Identity, AccountError> {
    let email = EmailAddress::parse("New@Test.com").unwrap();
    provider.accounts().unwrap().register(&caller(), &email, &"a new password".into()).await
}

#[tokio::test]
async fn whoever_registers_is_a_guest_for_that_one_call() {
    let (provider, script) = scripted([tokens(GUEST), created(), text(200, ""), text(200, "")]);
    let customer = register(&provider).await.unwrap();
    assert_eq!((customer.id.as_str(), customer.email.as_deref()), ("c9", None));
    assert_eq!(script.asked(), [GUEST_TOKEN, SIGN_UP, REVOKE, REVOKE]);
    assert_eq!(script.header(1, "authorization").as_deref(), Some("Bearer a1"));
    assert_eq!(script.header(1, "x-forwarded-for").as_deref(), Some("::1"));
    assert_eq!(script.body(1), json!({ "email": "new@test.com", "password": "a new password" }));
    assert_eq!([2, 3].map(|index| script.form(index)["token"].clone()), ["shop:r1", "a1"]);
}

#[tokio::test]
async fn a_refused_registration_says_why() {
    let field = |code: &str, field: &str| json!([{ "code": code, "message": "Sorry.", "field": field }]);
    let refused =
        |errors: Value| answer(400, &json!({ "statusCode": 400, "message": "Sorry.", "errors": errors }));
    let invalid = |field: &str| {
        let reason = FieldReason::NotAccepted;
        AccountError::Invalid(vec![FieldError { field: field.to_owned(), reason }])
    };
    let wait = AccountError::TooManyRequests { retry_after: Some(Duration::from_secs(30)) };
    for (told, expected) in [
        (refused(field("DuplicateField", "email")), AccountError::EmailTaken),
        (refused(field("InvalidField", "password")), invalid("password")),
        (refused(field("RequiredField", "email")), invalid("email")),
        (throttled(), wait),
    ] {
        let (provider, script) = scripted([tokens(GUEST), told, text(404, ""), text(404, "")]);
        assert_eq!(register(&provider).await.err(), Some(expected));
        assert_eq!(script.asked().len(), 4, "the tokens are given back in any case");
    }
    for told in [
        refused(field("InvalidField", "addresses")),
        error(403, "insufficient_scope"),
        error(500, "DuplicateField"),
        error(401, "invalid_token"),
        answer(201, &json!({ "customer": { "id": "../admin", "email": "a@b.c", "isEmailVerified": true } })),
        text(201, "<html>"),
        lost(),
    ] {
        let (provider, _) = scripted([tokens(GUEST), told, lost(), lost()]);
        let refused = register(&provider).await;
        assert!(matches!(refused, Err(AccountError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn nobody_registers_where_nobody_can_be_a_guest() {
    let (provider, script) = scripted([throttled()]);
    let wait = AccountError::TooManyRequests { retry_after: Some(Duration::from_secs(30)) };
    assert_eq!(register(&provider).await.err(), Some(wait));
    assert_eq!(script.asked(), [GUEST_TOKEN]);
    for refused in [error(400, "invalid_scope"), unreachable()] {
        let (provider, _) = scripted([refused]);
        assert!(matches!(register(&provider).await, Err(AccountError::Unavailable(_))));
    }
}

#[tokio::test]
async fn registration_is_all_that_is_offered_and_only_with_the_scope_for_it() {
    let offered = |scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let (provider, _) = with_settings(CommercetoolsSettings { scopes, ..settings() }, []);
        provider.accounts().map(|accounts| {
            let all = [
                AccountAbility::Register,
                AccountAbility::Change,
                AccountAbility::Delete,
                AccountAbility::ResetPassword,
                AccountAbility::VerifyEmail,
            ];
            all.into_iter().filter(|ability| accounts.offers(*ability)).collect::<Vec<_>>()
        })
    };
    let registration = Some(vec![AccountAbility::Register]);
    assert_eq!(offered(&[]), registration, "the client's own are not known");
    assert_eq!(offered(&["manage_my_orders:shop", "manage_my_profile:shop"]), registration);
    assert_eq!(offered(&["manage_project:shop"]), registration);
    assert_eq!(offered(&["manage_my_orders:shop", "create_anonymous_token:shop"]), None);
}

/// Sends nothing, and has this one answer.
struct Calls(Mutex<Option<Response>>);

#[async_trait]
impl AuthorizedCalls for Calls {
    async fn send(&self, request: Request) -> Result<Response, CallError> {
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::GET, "https://api.test/shop/me")
        );
        Ok(self.0.lock().unwrap().take().unwrap())
    }
}

#[tokio::test]
async fn the_record_says_who_somebody_is_now() {
    let (provider, _) = scripted([]);
    let ask = async |answer: Answer| provider.current_user(&Calls(Mutex::new(Some(answer.unwrap())))).await;
    assert_eq!(ask(record("c1", "user@test.com")).await.unwrap().id, "c1");
    assert_eq!(ask(error(404, "ResourceNotFound")).await.err(), Some(AccountError::Gone));
    for told in
        [text(404, "<h1>Not Found</h1>"), error(403, "insufficient_scope"), text(503, ""), text(200, "[]")]
    {
        let refused = ask(told).await;
        assert!(matches!(refused, Err(AccountError::Unavailable(_))), "{refused:?}");
    }
}
