use super::*;

const BETTER_AUTH: [(&str, &str); 2] =
    [("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "https://auth.example.com/api/auth")];

fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&BETTER_AUTH).copied().collect()
}

#[test]
fn two_variables_are_enough_and_the_origin_follows_from_the_url() {
    let config = load(&BETTER_AUTH).unwrap();
    assert!(config.core_api_url.is_none() && !config.embeds_core_api());
    let text = config.describe();
    for line in [
        "PROVIDER=better-auth",
        "BETTER_AUTH_URL=https://auth.example.com/api/auth",
        "BETTER_AUTH_ORIGIN=https://auth.example.com",
        "BETTER_AUTH_ISSUER=https://auth.example.com",
        "BETTER_AUTH_AUDIENCE=https://auth.example.com",
        "BETTER_AUTH_COOKIE_PREFIX=better-auth",
        "BETTER_AUTH_REMEMBER_ME=true",
        "BETTER_AUTH_SIGN_UP=true",
        "BETTER_AUTH_DELETE_USER=false",
        "BETTER_AUTH_VERIFY_EMAIL=false",
        "BETTER_AUTH_CHANGE_EMAIL=false",
        "BETTER_AUTH_RESET_PASSWORD=false",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
    assert!(config.doubtful_values().is_empty());
}

#[test]
fn every_setting_can_be_another() {
    let config = load(&with(&[
        ("BETTER_AUTH_ORIGIN", "https://shop.example.com"),
        ("BETTER_AUTH_ISSUER", "shop"),
        ("BETTER_AUTH_AUDIENCE", "orders"),
        ("BETTER_AUTH_COOKIE_PREFIX", "shop"),
        ("BETTER_AUTH_CHANGE_EMAIL", "true"),
        ("BETTER_AUTH_RESET_PASSWORD", "true"),
        ("BETTER_AUTH_PROXY", "http://user:hunter2@proxy.internal:3128"),
        ("CORE_API_URL", "https://api.example.com/v1"),
        ("SIGN_IN_ROLES", "admin"),
    ]));
    let text = config.unwrap().describe();
    for line in [
        "BETTER_AUTH_ORIGIN=https://shop.example.com",
        "BETTER_AUTH_ISSUER=shop",
        "BETTER_AUTH_AUDIENCE=orders",
        "BETTER_AUTH_COOKIE_PREFIX=shop",
        "BETTER_AUTH_CHANGE_EMAIL=true",
        "BETTER_AUTH_RESET_PASSWORD=true",
        "BETTER_AUTH_PROXY=(hidden)",
        "CORE_API_URL=https://api.example.com/v1",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = problems(&[
        ("PROVIDER", "better-auth"),
        ("BETTER_AUTH_ORIGIN", "https://auth.example.com/"),
        ("BETTER_AUTH_COOKIE_PREFIX", "a;b"),
        ("BETTER_AUTH_REMEMBER_ME", "yes"),
        ("BETTER_AUTH_SIGN_UP", "off"),
        ("BETTER_AUTH_DELETE_USER", "1"),
        ("BETTER_AUTH_CHANGE_EMAIL", "on"),
        ("BETTER_AUTH_RESET_PASSWORD", "mail"),
        ("BETTER_AUTH_PROXY", "proxy.internal"),
        ("BETTER_AUTH_CA_FILE", "/etc/redis-ca.pem"),
    ]);
    for line in [
        "BETTER_AUTH_URL is missing",
        "BETTER_AUTH_ORIGIN is `https://auth.example.com/`",
        "BETTER_AUTH_COOKIE_PREFIX is `a;b`",
        "BETTER_AUTH_REMEMBER_ME is `yes`",
        "BETTER_AUTH_SIGN_UP is `off`",
        "BETTER_AUTH_DELETE_USER is `1`",
        "BETTER_AUTH_CHANGE_EMAIL is `on`",
        "BETTER_AUTH_RESET_PASSWORD is `mail`",
        "BETTER_AUTH_PROXY must be the URL",
        "BETTER_AUTH_CA_FILE is set, and BETTER_AUTH_URL does not begin with https://",
    ] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
    let text =
        problems(&[("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "https://a:hunter2@auth.example.com")]);
    assert!(text.contains("BETTER_AUTH_URL carries") && !text.contains("hunter2"), "{text}");
    assert!(!text.contains("is missing"), "{text}");
}

#[test]
fn a_prefix_is_what_the_names_of_all_cookies_begin_with() {
    let prefix = |value| [BETTER_AUTH[0], BETTER_AUTH[1], ("BETTER_AUTH_COOKIE_PREFIX", value)];
    for value in ["__Secure-better-auth", "__Secure-better-auth.", "better-auth.", "__Host-shop"] {
        let text = problems(&prefix(value));
        assert!(text.contains(&format!("BETTER_AUTH_COOKIE_PREFIX is `{value}`")), "{text}");
    }
    assert!(load(&prefix("shop.v2")).is_ok());
}

#[test]
fn the_api_and_the_auth_server_must_be_told_apart() {
    let with_api = |url| [BETTER_AUTH[0], BETTER_AUTH[1], ("CORE_API_URL", url)];
    for url in ["https://auth.example.com/api/auth", "https://auth.example.com:443/api/auth/"] {
        assert!(problems(&with_api(url)).contains("CORE_API_URL is BETTER_AUTH_URL"), "{url}");
    }
    for url in
        ["https://auth.example.com/api", "https://auth.example.com/api/auth/v1", "https://api.example.com"]
    {
        assert!(load(&with_api(url)).is_ok(), "{url}");
    }
}

#[test]
fn an_auth_server_in_clear_on_another_machine_is_doubtful() {
    let url = [("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "http://auth.internal/api/auth")];
    let warnings = load(&url).unwrap().doubtful_values().join("\n");
    assert!(warnings.contains("BETTER_AUTH_URL is http://"), "{warnings}");
    let here = [("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "http://localhost:9430/api/auth")];
    assert!(load(&here).unwrap().doubtful_values().is_empty());
}

#[test]
fn an_address_without_a_base_path_is_doubtful() {
    for url in ["https://auth.example.com", "https://auth.example.com/"] {
        let bare = load(&[("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", url)]).unwrap().doubtful_values();
        assert_eq!(bare, ["BETTER_AUTH_URL has no base path; Better Auth's default is /api/auth"]);
    }
    let text = problems(&[("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "auth.example.com")]);
    assert!(text.contains("such as https://auth.example.com/api/auth"), "{text}");
}
