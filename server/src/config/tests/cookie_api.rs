use super::*;

const COOKIE_API: [(&str, &str); 2] =
    [("PROVIDER", "cookie-api"), ("CORE_API_URL", "https://api.example.com/v1")];

fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&COOKIE_API).copied().collect()
}

#[test]
fn two_variables_are_enough_for_nest() {
    let config = load(&COOKIE_API).unwrap();
    assert!(!config.embeds_core_api());
    let text = config.describe();
    for line in [
        "PROVIDER=cookie-api",
        "COOKIE_API_LOGIN_PATH=/auth/login",
        "COOKIE_API_REFRESH_COOKIE=refresh_token",
        "COOKIE_API_ME_NAME=firstName lastName",
        "COOKIE_API_WRONG_CREDENTIALS=400,401",
        "COOKIE_API_REFUSALS=401,403",
        "COOKIE_API_REUSE_ENDS=person",
        "COOKIE_API_CSRF_COOKIE=(none)",
        "COOKIE_API_REGISTER_PATH=(none)",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
}

#[test]
fn what_an_api_does_not_have_is_none() {
    let text = load(&with(&[
        ("COOKIE_API_LOGOUT_PATH", "none"),
        ("COOKIE_API_ME_NAME", "none"),
        ("COOKIE_API_ME_ROLES", "none"),
        ("COOKIE_API_ME_VERIFIED", "none"),
        ("COOKIE_API_STATUS_FIELD", "none"),
    ]))
    .unwrap()
    .describe();
    for line in ["COOKIE_API_LOGOUT_PATH=(none)", "COOKIE_API_ME_NAME=", "COOKIE_API_STATUS_FIELD=(none)"] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_cookie_api_is_said_at_once() {
    let text = problems(&[
        ("PROVIDER", "cookie-api"),
        ("COOKIE_API_LOGIN_PATH", "auth/login"),
        ("COOKIE_API_REFRESH_PATH", "https://api.example.com/refresh"),
        ("COOKIE_API_LOGOUT_PATH", "/logout?all=1"),
        ("COOKIE_API_ME_PATH", "/users/../me"),
        ("COOKIE_API_ACCESS_COOKIE", "token"),
        ("COOKIE_API_REFRESH_COOKIE", "token"),
        ("COOKIE_API_CSRF_COOKIE", "XSRF TOKEN"),
        ("COOKIE_API_WRONG_CREDENTIALS", "401;422"),
        ("COOKIE_API_REFUSALS", "401,429"),
        ("COOKIE_API_REUSE_ENDS", "everything"),
        ("COOKIE_API_EMAIL_FIELD", "user"),
        ("COOKIE_API_PASSWORD_FIELD", "user"),
        ("COOKIE_API_REUSE_GRACE", "1"),
    ]);
    for line in [
        "CORE_API_URL is missing",
        "COOKIE_API_LOGIN_PATH is `auth/login`",
        "COOKIE_API_REFRESH_PATH is `https://api.example.com/refresh`",
        "COOKIE_API_LOGOUT_PATH is `/logout?all=1`",
        "COOKIE_API_ME_PATH is `/users/../me`",
        "COOKIE_API_REFRESH_COOKIE and COOKIE_API_ACCESS_COOKIE are both `token`",
        "COOKIE_API_CSRF_COOKIE is `XSRF TOKEN`",
        "COOKIE_API_CSRF_HEADER is missing",
        "COOKIE_API_WRONG_CREDENTIALS is `401;422`",
        "COOKIE_API_REFUSALS is `401,429`",
        "COOKIE_API_REUSE_ENDS is `everything`",
        "COOKIE_API_REUSE_GRACE is `1`",
        "COOKIE_API_PASSWORD_FIELD and COOKIE_API_EMAIL_FIELD are both `user`",
    ] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
}

#[test]
fn a_grace_is_for_a_reuse_that_ends_one_session() {
    let grace = ("COOKIE_API_REUSE_GRACE", "1s");
    assert!(problems(&with(&[grace])).contains("COOKIE_API_REUSE_GRACE is set"));
    assert!(load(&with(&[grace, ("COOKIE_API_REUSE_ENDS", "session")])).is_ok());
}

#[test]
fn a_header_without_its_cookie_and_a_wrong_one_are_explained() {
    assert!(
        problems(&with(&[("COOKIE_API_CSRF_HEADER", "X-XSRF-TOKEN")]))
            .contains("COOKIE_API_CSRF_COOKIE is missing")
    );
    let pair = [("COOKIE_API_CSRF_COOKIE", "XSRF-TOKEN"), ("COOKIE_API_CSRF_HEADER", "X XSRF")];
    assert!(problems(&with(&pair)).contains("COOKIE_API_CSRF_HEADER is `X XSRF`"));
    for header in ["Cookie", "Authorization", "Host", "Content-Type", "Origin"] {
        let pair = [("COOKIE_API_CSRF_COOKIE", "XSRF-TOKEN"), ("COOKIE_API_CSRF_HEADER", header)];
        assert!(problems(&with(&pair)).contains("has a meaning of its own"), "{header}");
    }
}

#[test]
fn a_registration_has_the_fields_of_a_sign_in_unless_they_are_named() {
    let register = ("COOKIE_API_REGISTER_PATH", "/auth/register");
    let describe = |variables: &[(&'static str, &'static str)]| load(&with(variables)).unwrap().describe();
    let has = |text: &str, lines: &[&str]| {
        for line in lines {
            assert!(text.lines().any(|known| known == *line), "{line} is not in: {text}");
        }
    };
    has(
        &describe(&[register, ("COOKIE_API_EMAIL_FIELD", "mail")]),
        &[
            "COOKIE_API_REGISTER_PATH=/auth/register",
            "COOKIE_API_REGISTER_EMAIL_FIELD=mail",
            "COOKIE_API_REGISTER_PASSWORD_FIELD=password",
            "COOKIE_API_REGISTER_CONFIRM_FIELD=(none)",
            "COOKIE_API_REGISTER_TAKEN=409,422",
            "COOKIE_API_REGISTER_HIDES_TAKEN=false",
        ],
    );
    has(
        &describe(&[
            register,
            ("COOKIE_API_REGISTER_EMAIL_FIELD", "username"),
            ("COOKIE_API_REGISTER_CONFIRM_FIELD", "password_confirmation"),
            ("COOKIE_API_REGISTER_NAME_FIELD", "name"),
            ("COOKIE_API_REGISTER_TAKEN", "400"),
        ]),
        &["COOKIE_API_REGISTER_EMAIL_FIELD=username", "COOKIE_API_REGISTER_TAKEN=400"],
    );
}

#[test]
fn everything_that_is_wrong_with_a_registration_is_said_at_once() {
    let text = problems(&with(&[
        ("COOKIE_API_REGISTER_PATH", "auth/register"),
        ("COOKIE_API_REGISTER_CONFIRM_FIELD", "password"),
        ("COOKIE_API_REGISTER_TAKEN", "200"),
        ("COOKIE_API_REGISTER_HIDES_TAKEN", "perhaps"),
    ]));
    for problem in [
        "COOKIE_API_REGISTER_PATH is `auth/register`",
        "COOKIE_API_REGISTER_CONFIRM_FIELD and COOKIE_API_REGISTER_PASSWORD_FIELD are both `password`",
        "COOKIE_API_REGISTER_TAKEN is `200`",
        "COOKIE_API_REGISTER_HIDES_TAKEN is `perhaps`",
    ] {
        assert!(text.contains(problem), "{problem} is not in: {text}");
    }
    let without_path = problems(&with(&[("COOKIE_API_REGISTER_NAME_FIELD", "name")]));
    assert!(
        without_path.contains("COOKIE_API_REGISTER_NAME_FIELD is set and COOKIE_API_REGISTER_PATH is not")
    );
}
