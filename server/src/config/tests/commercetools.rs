use super::*;

const SHOP: [(&str, &str); 6] = [
    ("PROVIDER", "commercetools"),
    ("COMMERCETOOLS_AUTH_URL", "https://auth.europe-west1.gcp.commercetools.com"),
    ("COMMERCETOOLS_API_URL", "https://api.europe-west1.gcp.commercetools.com"),
    ("COMMERCETOOLS_PROJECT", "my-shop"),
    ("COMMERCETOOLS_CLIENT_ID", "app"),
    ("COMMERCETOOLS_CLIENT_SECRET", "hunter2hunter2"),
];

/// With these in place of those with the same names.
fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&SHOP).copied().collect()
}

#[test]
fn six_variables_are_enough() {
    let config = load(&SHOP).unwrap();
    assert!(config.core_api_url.is_none() && !config.embeds_core_api());
    let text = config.describe();
    for line in [
        "PROVIDER=commercetools",
        "COMMERCETOOLS_AUTH_URL=https://auth.europe-west1.gcp.commercetools.com/",
        "COMMERCETOOLS_PROJECT=my-shop",
        "COMMERCETOOLS_CLIENT_SECRET=(hidden)",
        "COMMERCETOOLS_SCOPES=",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn the_secret_comes_from_a_file_as_well() {
    let file = ("COMMERCETOOLS_CLIENT_SECRET_FILE", "/run/secrets/oidc");
    let text = load(&[&SHOP[..5], &[file]].concat()).unwrap().describe();
    assert!(text.contains("COMMERCETOOLS_CLIENT_SECRET=(hidden)"), "{text}");
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let text = problems(&SHOP[..1]);
    for name in ["AUTH_URL", "API_URL", "PROJECT", "CLIENT_ID", "CLIENT_SECRET"] {
        assert!(text.contains(&format!("COMMERCETOOLS_{name}")), "{name}: {text}");
    }
}

#[test]
fn mistakes_are_explained() {
    for (name, value, hint) in [
        ("COMMERCETOOLS_AUTH_URL", "http://auth.example.com", "must be https"),
        ("COMMERCETOOLS_API_URL", "http://10.0.0.7", "must be https"),
        ("COMMERCETOOLS_AUTH_URL", "auth.example.com", "must be a URL"),
        ("COMMERCETOOLS_API_URL", "https://me:hunter2@api.example.com", "user name or a password"),
        ("COMMERCETOOLS_PROJECT", "my shop/../other", "only letters"),
        ("COMMERCETOOLS_SCOPES", "manage_my_profile:my-shop,manage_my_orders:my-shop", "by spaces"),
        ("COMMERCETOOLS_SCOPES", "manage_my_profile:other", "not of COMMERCETOOLS_PROJECT"),
        ("COMMERCETOOLS_AUTH_URL", "https://auth.example.com/oauth/token", "has the path /oauth/token"),
        ("COMMERCETOOLS_AUTH_URL", "auth.example.com", "such as https://auth.europe-west1"),
        ("COMMERCETOOLS_API_URL", "https://api.example.com/my-shop", "has the project my-shop"),
        ("COMMERCETOOLS_PROXY", "proxy:3128", "HTTP proxy"),
        ("COMMERCETOOLS_CA_FILE", "/etc/empty.pem", "COMMERCETOOLS_CA_FILE"),
    ] {
        let text = problems(&with(&[(name, value)]));
        assert!(text.contains(name) && text.contains(hint) && !text.contains("hunter2"), "{name}: {text}");
    }
    assert_eq!(problems(&with(&[("SIGN_IN_ROLES", "admin")])).matches("SIGN_IN_ROLES").count(), 1);
    assert!(
        problems(&with(&[("SIGN_IN_ROLES", "admin")]))
            .contains("SIGN_IN_ROLES is set, and commercetools has no roles: nobody could sign in")
    );
    for url in ["http://127.0.0.1:9420", "http://localhost:9420", "http://[::1]:9420"] {
        assert!(
            load(&with(&[("COMMERCETOOLS_AUTH_URL", url), ("COMMERCETOOLS_API_URL", url)])).is_ok(),
            "{url}"
        );
    }
}

#[test]
fn only_the_missing_half_of_the_client_is_named() {
    let without = |names: &[&str]| -> Vec<_> {
        SHOP.iter().copied().filter(|(name, _)| !names.contains(name)).collect()
    };
    let (id, secret) = ("COMMERCETOOLS_CLIENT_ID", "COMMERCETOOLS_CLIENT_SECRET");
    let text = problems(&without(&[id]));
    assert!(text.contains("COMMERCETOOLS_CLIENT_ID is missing") && !text.contains(secret), "{text}");
    let text = problems(&without(&[secret]));
    assert!(text.contains("COMMERCETOOLS_CLIENT_SECRET is missing") && !text.contains(id), "{text}");
    let both = problems(&without(&[id, secret]));
    assert!(both.contains("COMMERCETOOLS_CLIENT_ID and COMMERCETOOLS_CLIENT_SECRET are missing"), "{both}");
    // Why the file cannot be read is said already.
    let mut unreadable = without(&[secret]);
    unreadable.push(("COMMERCETOOLS_CLIENT_SECRET_FILE", "/nowhere"));
    let text = problems(&unreadable);
    assert!(text.contains("/nowhere") && !text.contains("is missing"), "{text}");
}

#[test]
fn the_address_of_another_api_is_said_to_be_of_no_use() {
    assert!(load(&SHOP).unwrap().doubtful_values().is_empty());
    let other = with(&[("CORE_API_URL", "https://api.example.com/v1")]);
    let said = load(&other).unwrap().doubtful_values().concat();
    assert!(said.starts_with("CORE_API_URL is set and not used"), "{said}");
}
