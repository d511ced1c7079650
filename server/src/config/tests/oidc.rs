use super::*;

/// Not a secret: a key for tests.
pub(super) const CLIENT_KEY: &str = include_str!("test_key.pem");

const OIDC: [(&str, &str); 4] = [
    ("PROVIDER", "oidc"),
    ("OIDC_ISSUER", "https://id.example.com/realms/main"),
    ("OIDC_CLIENT_ID", "app"),
    ("OIDC_CLIENT_SECRET", "hunter2hunter2"),
];

fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&OIDC).copied().collect()
}

#[test]
fn five_variables_are_enough() {
    let config = load(&with(&[("OIDC_NAME", "Example SSO")])).unwrap();
    let text = config.describe();
    for line in [
        "PROVIDER=oidc",
        "OIDC_CLIENT_AUTH=client_secret_basic",
        "OIDC_SCOPES=openid profile email offline_access",
        "OIDC_NAME=Example SSO",
        "OIDC_AUTO_REDIRECT=false",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
    assert!(config.sign_in_roles.is_empty());
}

#[test]
fn no_core_api_runs_beside_another_provider() {
    let config = load(&with(&[])).unwrap();
    assert!(config.core_api_url.is_none() && !config.embeds_core_api());
    let text = config.describe();
    assert!(text.contains("CORE_API_URL=(none)") && !text.contains("CORE_API_LISTEN_ADDR"), "{text}");
    // Its place may be that of the application.
    assert!(load(&with(&[("LISTEN_ADDR", "127.0.0.1:3001")])).is_ok());
    assert!(problems(&[("LISTEN_ADDR", "127.0.0.1:3001")]).contains("CORE_API_LISTEN_ADDR"));
    let production = PRODUCTION.into_iter().filter(|(name, _)| *name != "CORE_API_URL").collect::<Vec<_>>();
    assert!(problems(&production).contains("CORE_API_URL"));
    assert!(load(&[production, OIDC.to_vec()].concat()).is_ok());
}

#[test]
fn the_client_secret_comes_from_a_file_and_is_hidden() {
    let variables = [&OIDC[..3], &[("OIDC_CLIENT_SECRET_FILE", "/run/secrets/oidc")]].concat();
    let text = load(&variables).unwrap().describe();
    assert!(text.contains("OIDC_CLIENT_SECRET=(hidden)") && !text.contains("hunter2"), "{text}");
}

#[test]
fn an_empty_file_is_no_client_secret() {
    let variables = [&OIDC[..3], &[("OIDC_CLIENT_SECRET_FILE", "/run/secrets/empty")]].concat();
    let text = problems(&variables);
    assert!(text.contains("OIDC_CLIENT_SECRET_FILE names an empty file"), "{text}");
    assert!(!text.contains("is missing"), "one mistake is one problem: {text}");
}

#[test]
fn what_an_issuer_cannot_be_is_explained() {
    for (issuer, hint) in [
        ("id.example.com", "not a URL"),
        ("ftp://id.example.com", "must be https"),
        ("http://id.example.com", "must be https"),
        ("http://10.0.0.7:8080", "must be https"),
        ("https://id.example.com?tenant=1", "a query or a fragment"),
        ("https://id.example.com#x", "query or a fragment"),
        ("https://ironleaf:hunter2@id.example.com", "a user name, a password"),
        (
            "https://id.example.com/realms/main/.well-known/openid-configuration",
            "probably https://id.example.com/realms/main,",
        ),
        ("https://id.example.com/.well-known/oauth-authorization-server", "leave out everything"),
    ] {
        let text = problems(&[&[("OIDC_ISSUER", issuer)], &OIDC[..1], &OIDC[2..]].concat());
        assert!(text.contains("OIDC_ISSUER") && text.contains(hint) && !text.contains("hunter2"), "{text}");
    }
    for issuer in [
        "https://id.example.com",
        "https://id.example.com/",
        "http://127.0.0.1:4000",
        "http://[::1]:4000",
        "http://localhost:4000",
    ] {
        assert!(load(&[&[("OIDC_ISSUER", issuer)], &OIDC[..1], &OIDC[2..]].concat()).is_ok(), "{issuer}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_provider_is_said_at_once() {
    let text = problems(&[
        ("PROVIDER", "oidc"),
        ("OIDC_SCOPES", "profile"),
        ("OIDC_RESOURCE", "api"),
        ("OIDC_ACCOUNT_URL", "/account"),
        ("OIDC_AUTO_REDIRECT", "yes"),
        ("OIDC_REUSE_ENDS", "everything"),
        ("OIDC_AUTHORIZATION_PARAMS", "state=1&scope=openid&audience=x&prompt=none"),
        ("OIDC_PROXY", "proxy.internal"),
        ("SIGN_IN_ROLES", "admin"),
    ]);
    for line in [
        "OIDC_ISSUER is missing",
        "OIDC_CLIENT_ID is missing",
        "OIDC_CLIENT_SECRET is missing",
        "OIDC_SCOPES has no `openid`",
        "OIDC_RESOURCE has `api`",
        "OIDC_ACCOUNT_URL is `/account`",
        "OIDC_AUTO_REDIRECT is `yes`",
        "OIDC_REUSE_ENDS is `everything`",
        "OIDC_AUTHORIZATION_PARAMS has `state`",
        "OIDC_AUTHORIZATION_PARAMS has `scope`, which is not for the settings: use OIDC_SCOPES",
        "OIDC_AUTHORIZATION_PARAMS has `audience`: use OIDC_AUDIENCE",
        "OIDC_AUTHORIZATION_PARAMS has prompt=`none`",
        "OIDC_PROXY",
        "SIGN_IN_ROLES is set and OIDC_ROLES_CLAIM is not",
    ] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
}

#[test]
fn a_client_authenticates_in_one_way() {
    let client = |variables: &[(&'static str, &'static str)]| [&OIDC[..3], variables].concat();
    let key = ("OIDC_CLIENT_KEY_FILE", "/run/secrets/oidc-key.pem");
    for (variables, problem) in [
        (client(&[("OIDC_CLIENT_AUTH", "mtls")]), "OIDC_CLIENT_AUTH is `mtls`"),
        (client(&[("OIDC_CLIENT_AUTH", "client_secret_post")]), "OIDC_CLIENT_SECRET is missing"),
        (client(&[("OIDC_CLIENT_AUTH", "private_key_jwt")]), "OIDC_CLIENT_KEY_FILE is missing"),
        (with(&[("OIDC_CLIENT_AUTH", "none")]), "OIDC_CLIENT_SECRET is set"),
        (with(&[key]), "OIDC_CLIENT_KEY_FILE is set"),
        (with(&[("OIDC_CLIENT_ASSERTION_AUDIENCE", "issuer")]), "OIDC_CLIENT_ASSERTION_AUDIENCE is set"),
        (
            client(&[
                ("OIDC_CLIENT_AUTH", "private_key_jwt"),
                ("OIDC_CLIENT_ASSERTION_AUDIENCE", "https://id.example.com"),
            ]),
            "OIDC_CLIENT_ASSERTION_AUDIENCE is `https://id.example.com`: it must be token_endpoint or issuer",
        ),
        (
            client(&[("OIDC_CLIENT_AUTH", "private_key_jwt"), ("OIDC_CLIENT_KEY_FILE", "/run/secrets/smtp")]),
            "OIDC_CLIENT_KEY_FILE contains no private key",
        ),
    ] {
        let text = problems(&variables);
        assert!(text.contains(problem) && !text.contains("hunter2"), "{problem} is not in: {text}");
    }
    for variables in [
        client(&[("OIDC_CLIENT_AUTH", "none")]),
        client(&[("OIDC_CLIENT_AUTH", "private_key_jwt"), key]),
        with(&[("OIDC_CLIENT_AUTH", "client_secret_post")]),
    ] {
        assert!(load(&variables).is_ok(), "{variables:?}");
    }
}

#[test]
fn a_client_that_signs_addresses_the_token_endpoint_unless_told_otherwise() {
    let signs =
        [("OIDC_CLIENT_AUTH", "private_key_jwt"), ("OIDC_CLIENT_KEY_FILE", "/run/secrets/oidc-key.pem")];
    for (set, expected) in
        [(None, "token_endpoint"), (Some("token_endpoint"), "token_endpoint"), (Some("issuer"), "issuer")]
    {
        let audience = set.map(|audience| ("OIDC_CLIENT_ASSERTION_AUDIENCE", audience));
        let variables = OIDC[..3].iter().chain(&signs).copied().chain(audience).collect::<Vec<_>>();
        let text = load(&variables).unwrap().describe();
        let line = format!("OIDC_CLIENT_ASSERTION_AUDIENCE={expected}");
        assert!(text.lines().any(|known| known == line), "{line} is not in: {text}");
    }
}

#[test]
fn further_parameters_are_form_encoded() {
    let params = ("OIDC_AUTHORIZATION_PARAMS", "kc_idp_hint=corp+sso&ui_locales=de%20en&prompt=consent");
    let config = load(&with(&[params])).unwrap();
    let line = "OIDC_AUTHORIZATION_PARAMS=kc_idp_hint=corp+sso&ui_locales=de+en&prompt=consent";
    assert!(config.describe().contains(line), "{}", config.describe());
}

#[test]
fn roles_for_signing_in_are_a_list_for_any_provider() {
    assert_eq!(
        load(&[("SIGN_IN_ROLES", "ADMIN, Verified user,")]).unwrap().sign_in_roles,
        ["ADMIN", "Verified user"]
    );
    let config =
        load(&with(&[("SIGN_IN_ROLES", "admin"), ("OIDC_ROLES_CLAIM", "realm_access.roles")])).unwrap();
    assert!(config.describe().contains("SIGN_IN_ROLES=admin"));
    assert!(problems(&[("SIGN_IN_ROLES", ",")]).contains("SIGN_IN_ROLES"));
}

#[test]
fn settings_of_a_provider_that_is_not_used_are_doubtful_and_not_wrong() {
    let warnings = load(&[("OIDC_ISSUER", "here"), ("OIDC_NAME", "x")]).unwrap().doubtful_values().join("\n");
    assert!(
        warnings.contains("OIDC_ISSUER, OIDC_NAME are set and not used: PROVIDER is core-api"),
        "{warnings}"
    );
    assert!(load(&with(&[])).unwrap().doubtful_values().is_empty());
}

#[test]
fn a_proxy_for_other_programs_does_not_lead_to_the_provider() {
    let variable = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy.internal:3128".to_owned());
    let said = |config: &Config| crate::config::warnings::ignored_proxy(config, &variable);
    let text = said(&load(&with(&[])).unwrap()).unwrap();
    assert!(text.contains("OIDC_PROXY") && !text.contains("CORE_API_PROXY"), "{text}");
    assert_eq!(said(&load(&with(&[("OIDC_PROXY", "http://proxy.internal:3128")])).unwrap()), None);
}
