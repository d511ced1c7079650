use super::*;

const JWT_SESSIONS: [(&str, &str); 2] =
    [("PROVIDER", "jwt-sessions"), ("CORE_API_URL", "https://api.example.com/v1")];

fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&JWT_SESSIONS).copied().collect()
}

#[test]
fn two_variables_are_enough() {
    let text = load(&with(&[])).unwrap().describe();
    for line in [
        "PROVIDER=jwt-sessions",
        "CORE_API_URL=https://api.example.com/v1",
        "JWT_SESSIONS_LOGIN_PATH=/login",
        "JWT_SESSIONS_ME_PATH=(none)",
        "JWT_SESSIONS_TRANSPORT=headers",
        "JWT_SESSIONS_REFRESH_HEADER=x-refresh-token",
        "JWT_SESSIONS_PERSON_ID=user_id",
        "JWT_SESSIONS_PERSON_VERIFIED=(none)",
        "JWT_SESSIONS_REUSE_HANDLER=true",
        "JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE=3600s",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
    let asks = load(&with(&[("JWT_SESSIONS_ME_PATH", "me")])).unwrap().describe();
    assert!(asks.lines().any(|line| line == "JWT_SESSIONS_PERSON_ID=id"), "{asks}");
}

#[test]
fn no_core_api_is_embedded_beside_it() {
    assert!(problems(&JWT_SESSIONS[..1]).contains("CORE_API_URL is missing: PROVIDER=jwt-sessions"));
    assert!(!load(&with(&[])).unwrap().embeds_core_api());
    // The variables of a provider that is not chosen are not read.
    assert!(load(&[("JWT_SESSIONS_TRANSPORT", "pigeons")]).is_ok());
}

#[test]
fn what_a_variable_cannot_be_is_explained() {
    for (name, value, hint) in [
        ("JWT_SESSIONS_LOGIN_PATH", "https://api.example.com/login", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_REFRESH_PATH", "refresh?x=1", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_LOGOUT_PATH", "/", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ME_PATH", "me#x", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ME_PATH", "none", "leave it empty"),
        ("JWT_SESSIONS_TRANSPORT", "pigeons", "headers or cookies"),
        ("JWT_SESSIONS_ACCESS_HEADER", "no header", "the name of a header"),
        ("JWT_SESSIONS_ACCESS_HEADER", "X-Refresh-Token", "JWT_SESSIONS_ACCESS_HEADER is as well"),
        ("JWT_SESSIONS_REFRESH_HEADER", "x-csrf-token", "JWT_SESSIONS_REFRESH_HEADER is as well"),
        ("JWT_SESSIONS_CSRF_HEADER", "ü", "the name of a header"),
        ("JWT_SESSIONS_CSRF_HEADER", "cookie", "a meaning of its own"),
        ("JWT_SESSIONS_CSRF_HEADER", "Content-Length", "a meaning of its own"),
        ("JWT_SESSIONS_ACCESS_HEADER", "Cookie", "a meaning of its own"),
        ("JWT_SESSIONS_ACCESS_HEADER", "X-Forwarded-For", "a meaning of its own"),
        ("JWT_SESSIONS_REFRESH_HEADER", "Host", "a meaning of its own"),
        ("JWT_SESSIONS_REFRESH_HEADER", "Sec-Fetch-Site", "a meaning of its own"),
        ("JWT_SESSIONS_LOGIN_PATH", "/a/../login", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ME_PATH", "./me", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ME_PATH", "/a/..", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ME_PATH", "/a\\..\\me", "a path below CORE_API_URL"),
        ("JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE", "0s", "1s at least"),
        ("JWT_SESSIONS_ACCESS_COOKIE", "jwt access", "the name of a cookie"),
        ("JWT_SESSIONS_REFRESH_COOKIE", "jwt_access", "JWT_SESSIONS_ACCESS_COOKIE is as well"),
        ("JWT_SESSIONS_LOGIN_PASSWORD", "email", "neither may be the other"),
        ("JWT_SESSIONS_LOGIN_EMAIL", "password.email", "neither may be the other"),
        ("JWT_SESSIONS_PERSON_VERIFIED", "email", "an address does not say that it is verified"),
        ("JWT_SESSIONS_REUSE_HANDLER", "perhaps", "true or false"),
        ("JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE", "60", "a number with a unit"),
    ] {
        let text = problems(&with(&[(name, value)]));
        assert!(text.contains("JWT_SESSIONS_") && text.contains(hint), "{name}={value}: {text}");
    }
    let names =
        [("JWT_SESSIONS_LOGIN_EMAIL", "user.email"), ("JWT_SESSIONS_LOGIN_PASSWORD", "user.password")];
    assert!(load(&with(&names)).is_ok());
    let authorization =
        [("JWT_SESSIONS_ACCESS_HEADER", "X-Access"), ("JWT_SESSIONS_REFRESH_HEADER", "Authorization")];
    assert!(load(&with(&authorization)).is_ok());
    let csrf = [("JWT_SESSIONS_ACCESS_HEADER", "X-Access"), ("JWT_SESSIONS_CSRF_HEADER", "Authorization")];
    assert!(problems(&with(&csrf)).contains("JWT_SESSIONS_CSRF_HEADER is `authorization`"));
}

#[test]
fn roles_need_their_field() {
    let roles = ("SIGN_IN_ROLES", "admin");
    assert!(problems(&with(&[roles])).contains("JWT_SESSIONS_PERSON_ROLES"));
    assert!(load(&with(&[roles, ("JWT_SESSIONS_PERSON_ROLES", "roles")])).is_ok());
}
