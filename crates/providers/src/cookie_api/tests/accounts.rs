use http::{HeaderName, StatusCode};
use ironleaf_auth::{AccountAbility, AccountError, AuthorizedCalls, CallError, FieldError, FieldReason};

use super::*;

const REGISTER: &str = "POST /api/auth/register";

fn registering(answers: impl IntoIterator<Item = Answer>) -> (CookieApiProvider, Arc<Script>) {
    scripted_with(answers, |settings| settings.registration = Some(Registration::at("/auth/register")))
}

async fn register(provider: &CookieApiProvider) -> Result<ironleaf_api_types::User, AccountError> {
    let accounts = provider.accounts().expect("accounts");
    accounts.register(&caller(), &EmailAddress::of_record("user@test.com"), &"password1".into()).await
}

#[tokio::test]
async fn only_the_registration_is_offered() {
    use AccountAbility::{Change, Delete, Register, ResetPassword, VerifyEmail};

    assert!(scripted([]).0.accounts().is_none());
    let (provider, _) = registering([]);
    let accounts = provider.accounts().unwrap();
    let offered = [Register, Change, Delete, ResetPassword, VerifyEmail].map(|part| accounts.offers(part));
    assert_eq!(offered, [true, false, false, false, false]);
    assert!(!accounts.hides_known_addresses());
}

#[tokio::test]
async fn an_account_is_created_with_address_and_password() {
    for created in [text(201, ""), text(204, ""), answer(200, &json!({ "message": "ok" })), text(200, "true")]
    {
        let (provider, script) = registering([created]);
        let person = register(&provider).await.unwrap();
        assert_eq!((person.email.as_deref(), person.address()), (None, Some("user@test.com")), "unverified");
        assert_eq!(script.asked(), [asked(REGISTER, "")]);
        assert_eq!(script.body(0), json!({ "email": "user@test.com", "password": "password1" }));
        assert_eq!(script.header(0, "x-forwarded-for").as_deref(), Some("127.0.0.1"));
    }
    let (provider, _) = registering([answer(201, &person())]);
    assert_eq!(register(&provider).await.unwrap().id, "p1");
}

#[tokio::test]
async fn names_of_fields_and_further_fields_are_settings() {
    let (provider, script) = scripted_with([text(201, "")], |settings| {
        settings.registration = Some(Registration {
            email_field: "mail".to_owned(),
            password_field: "pass".to_owned(),
            confirmation_field: Some("pass_confirmation".to_owned()),
            name_field: Some("name".to_owned()),
            ..Registration::at("register/")
        });
        settings.csrf =
            Some(CsrfPair { cookie: "xsrf".to_owned(), header: HeaderName::from_static("x-xsrf") });
    });
    register(&provider).await.unwrap();
    let value = "07070707070707070707070707070707";
    assert_eq!(script.asked(), [asked("POST /api/register/", &format!("xsrf={value}"))]);
    assert_eq!(script.header(0, "x-xsrf").as_deref(), Some(value));
    let body = json!({
        "name": "user", "mail": "user@test.com", "pass": "password1", "pass_confirmation": "password1",
    });
    assert_eq!(script.body(0), body);
}

#[tokio::test]
async fn the_cookies_of_a_registration_are_given_back() {
    for given_back in [text(204, ""), lost(), unreachable()] {
        let (provider, script) = registering([tokens("a1", "r1"), given_back]);
        register(&provider).await.unwrap();
        let sign_out = asked("POST /api/auth/logout", "access_token=a1; refresh_token=r1");
        assert_eq!(script.asked(), [asked(REGISTER, ""), sign_out]);
    }
}

fn fields(names: &[&str]) -> AccountError {
    let error = |name: &&str| FieldError { field: (*name).to_owned(), reason: FieldReason::NotAccepted };
    AccountError::Invalid(names.iter().map(error).collect())
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    let taken = || json!({ "statusCode": 422, "errors": { "email": ["taken"] } });
    for (answer, expected) in [
        (error(409, &json!("Conflict")), AccountError::EmailTaken),
        (answer(422, &taken()), AccountError::EmailTaken),
        (error(422, &json!(["password is too short"])), fields(&["password"])),
        (error(400, &json!(["password is too short"])), fields(&["password"])),
        (
            error(400, &json!(["email must be an email", "password is too short"])),
            fields(&["email", "password"]),
        ),
        (error(403, &json!("Closed")), AccountError::Forbidden),
        (
            header(text(429, "slow down"), RETRY_AFTER.as_str(), "7"),
            AccountError::TooManyRequests { retry_after: Some(Duration::from_secs(7)) },
        ),
    ] {
        let (provider, script) = registering([answer.clone()]);
        assert_eq!(register(&provider).await.unwrap_err(), expected, "{answer:?}");
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn statuses_of_a_known_address_are_settings() {
    let django = || answer(400, &json!({ "email": ["user with this email already exists."] }));
    let (provider, _) = scripted_with([django(), answer(409, &json!({}))], |settings| {
        settings.status_field = None;
        settings.registration = Some(Registration {
            email_taken: vec![StatusCode::BAD_REQUEST],
            ..Registration::at("/register")
        });
    });
    assert_eq!(register(&provider).await.unwrap_err(), AccountError::EmailTaken);
    assert!(matches!(register(&provider).await.unwrap_err(), AccountError::Unavailable(_)));
}

#[tokio::test]
async fn nothing_else_creates_an_account_or_blames_the_person() {
    for answer in [
        lost(),
        unreachable(),
        text(200, "<html>"),
        text(302, ""),
        text(409, "<html>"),
        text(422, "email"),
        answer(409, &json!({ "message": "of somebody else" })),
        text(403, "<html>"),
        error(500, &json!("email")),
    ] {
        let (provider, _) = registering([answer.clone()]);
        let told = register(&provider).await.unwrap_err();
        assert!(matches!(told, AccountError::Unavailable(_)), "{answer:?}: {told:?}");
    }
    for (answer, detail) in [
        (
            error(404, &json!("Cannot POST")),
            "POST /api/auth/register answered 404: check COOKIE_API_REGISTER_PATH",
        ),
        (
            error(400, &json!(["firstName should not be empty"])),
            "POST /api/auth/register answered 400: check the fields of COOKIE_API_REGISTER_...",
        ),
    ] {
        let (provider, _) = registering([answer]);
        assert_eq!(register(&provider).await.unwrap_err(), AccountError::Unavailable(detail.to_owned()));
    }
}

/// Sends authorized calls to the script.
struct Calls(Arc<Script>);

#[async_trait]
impl AuthorizedCalls for Calls {
    async fn send(&self, request: Request) -> Result<Response, CallError> {
        let sent = self.0.send(request).await;
        sent.map_err(|error| CallError::Unavailable(error.to_string()))
    }
}

#[tokio::test]
async fn the_person_is_as_the_api_knows_them_now() {
    let (provider, script) = registering([
        me(),
        error(403, &json!("Email not verified")),
        text(403, ""),
        text(429, ""),
        text(200, ""),
    ]);
    let calls = Calls(Arc::clone(&script));
    let accounts = provider.accounts().unwrap();
    assert_eq!(accounts.current_user(&calls).await.unwrap().id, "p1");
    assert_eq!(script.asked(), [asked("GET /api/users/me", "")]);
    assert_eq!(accounts.current_user(&calls).await.unwrap_err(), AccountError::Forbidden);
    assert!(matches!(accounts.current_user(&calls).await.unwrap_err(), AccountError::Unavailable(_)));
    let throttled = AccountError::TooManyRequests { retry_after: None };
    assert_eq!(accounts.current_user(&calls).await.unwrap_err(), throttled);
    assert!(matches!(accounts.current_user(&calls).await.unwrap_err(), AccountError::Unavailable(_)));
}
