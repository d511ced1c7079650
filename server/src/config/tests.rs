mod better_auth;
mod commercetools;
mod cookie_api;
mod core_api_client;
mod jwt_sessions;
mod oidc;
mod passwords;
mod proxy_routes;
mod warnings;

use std::collections::BTreeSet;

use ironleaf_auth::HttpSettings;

use super::*;
use crate::providers;

/// Not a secret: a key for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// A self-signed certificate that is valid until 2036. Its key is not stored anywhere.
const REDIS_CA: &str = include_str!("redis_ca.pem");

fn load(variables: &[(&str, &str)]) -> Result<Config, Problems> {
    let variable =
        |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let file = |path: &str| match path {
        "/run/secrets/session" => Ok(format!("{TEST_KEY}\n")),
        "/run/secrets/redis" => Ok("rediss://:hunter2@redis.internal\n".to_owned()),
        "/etc/redis-ca.pem" => Ok(REDIS_CA.to_owned()),
        "/etc/empty.pem" => Ok("# none yet\n".to_owned()),
        "/run/secrets/empty" => Ok(" \n".to_owned()),
        "/run/secrets/oidc" => Ok("hunter2hunter2\n".to_owned()),
        "/run/secrets/oidc-key.pem" => Ok(oidc::CLIENT_KEY.to_owned()),
        "/run/secrets/smtp" => Ok("smtps://mailer:hunter2@mail.example.com\n".to_owned()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    Config::from_lookup(&variable, &file)
}

fn problems(variables: &[(&str, &str)]) -> String {
    match load(variables) {
        Ok(_) => panic!("accepted: {variables:?}"),
        Err(problems) => problems.to_string(),
    }
}

const PRODUCTION: [(&str, &str); 6] = [
    ("IRONLEAF_ENV", "production"),
    ("PUBLIC_ORIGIN", "https://app.example.com"),
    ("CORE_API_URL", "https://api.example.com/v1"),
    ("DATA_DIR", "/var/lib/ironleaf"),
    ("SESSION_SECRETS", TEST_KEY),
    ("SINGLE_HOST", "true"),
];

#[test]
fn development_needs_nothing() {
    let config = load(&[]).unwrap();
    assert_eq!(config.listen_addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.public_origin.as_str(), "http://127.0.0.1:3000");
    assert_eq!(config.core_api.listen_addr.to_string(), "127.0.0.1:3001");
    assert!(config.core_api_url.is_none() && config.session_secrets.is_none());
}

#[test]
fn the_origin_follows_the_listen_address_in_development() {
    let config = load(&[("LISTEN_ADDR", "127.0.0.1:4000")]).unwrap();
    assert_eq!(config.public_origin.as_str(), "http://127.0.0.1:4000");
}

#[test]
fn development_stays_on_this_machine() {
    for (name, value) in [
        ("LISTEN_ADDR", "0.0.0.0:3000"),
        ("CORE_API_LISTEN_ADDR", "[::]:3001"),
        ("PUBLIC_ORIGIN", "https://app.example.com"),
    ] {
        let text = problems(&[(name, value)]);
        assert!(text.contains(name) && text.contains("IRONLEAF_ENV=production"), "{text}");
    }
}

#[test]
fn production_takes_no_default_that_matters() {
    let text = problems(&[("IRONLEAF_ENV", "production")]);
    for name in ["PUBLIC_ORIGIN", "CORE_API_URL", "SESSION_SECRETS", "DATA_DIR", "REDIS_URL", "SINGLE_HOST"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert_eq!(load(&PRODUCTION).unwrap().environment, Environment::Production);
}

#[test]
fn production_over_plain_http_is_refused() {
    let mut variables = PRODUCTION;
    variables[1] = ("PUBLIC_ORIGIN", "http://app.example.com");
    assert!(problems(&variables).contains("https"));
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = problems(&[
        ("IRONLEAF_ENV", "staging"),
        ("LISTEN_ADDR", "here"),
        ("SESSION_IDLE_TIMEOUT", "7"),
        ("SESSION_SECRETS", "short"),
        ("CORE_API_URL", "api.example.com"),
        ("LOG_FORMAT", "xml"),
    ]);
    for name in [
        "IRONLEAF_ENV",
        "LISTEN_ADDR",
        "SESSION_IDLE_TIMEOUT",
        "SESSION_SECRETS",
        "CORE_API_URL",
        "LOG_FORMAT",
    ] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
}

#[test]
fn a_secret_comes_from_a_file() {
    let config = load(&[("SESSION_SECRETS_FILE", "/run/secrets/session")]).unwrap();
    assert_eq!(config.session_secrets.as_deref(), Some(TEST_KEY));
    assert!(problems(&[("SESSION_SECRETS_FILE", "/nowhere")]).contains("/nowhere"));
    let both = [("SESSION_SECRETS_FILE", "/run/secrets/session"), ("SESSION_SECRETS", TEST_KEY)];
    assert!(problems(&both).contains("both set"));
}

#[test]
fn durations_have_a_unit() {
    for (text, secs) in [("2s", 2), ("20m", 1200), ("12h", 43_200), ("7d", 604_800)] {
        assert_eq!(
            load(&[("REFRESH_LEEWAY", text)]).unwrap().refresh_leeway,
            Duration::from_secs(secs),
            "{text}"
        );
    }
    for text in ["7", "s", "-1s", "1w", "1 d", "99999999999999999999d", "9999999999999999999d"] {
        assert!(problems(&[("REFRESH_LEEWAY", text)]).contains("REFRESH_LEEWAY"), "{text}");
    }
}

#[test]
fn what_the_layers_would_refuse_is_refused_here() {
    for (name, value) in [
        ("SESSION_COOKIE_NAME", "a cookie"),
        ("SESSION_COOKIE_NAME", "__Host-session"),
        ("SESSION_COOKIE_NAME", "ironleaf-device"),
        ("SESSION_HEADER_BUDGET", "100"),
        ("CORE_API_ACCESS_TOKEN_TTL", "0s"),
        ("CORE_API_TOKEN_MARK", "ab"),
        ("SESSION_IDLE_TIMEOUT", "0s"),
        ("SESSION_UNREMEMBERED_IDLE_TIMEOUT", "0s"),
        ("RUST_LOG", "info,=,loud"),
        ("CORE_API_URL", "https://user:password@api.example.com/v1"),
        ("CORE_API_URL", "https://api.example.com/v1?key=1"),
        ("CORE_API_URL", "https://user:password@api.example.com:80a/v1"),
    ] {
        let text = problems(&[(name, value)]);
        assert!(text.contains(name) && !text.contains("password@"), "{text}");
    }
}

#[test]
fn the_description_hides_secrets() {
    let text = load(&PRODUCTION).unwrap().describe();
    assert!(!text.contains(TEST_KEY) && text.contains("SESSION_SECRETS=(hidden)"), "{text}");
}

#[test]
fn a_redis_stands_for_a_single_host_and_its_password_is_hidden() {
    let mut variables = PRODUCTION;
    variables[5] = ("REDIS_URL_FILE", "/run/secrets/redis");
    let config = load(&variables).unwrap();
    assert_eq!(config.redis_url.as_ref().and_then(Url::password), Some("hunter2"));
    let text = config.describe();
    assert!(text.contains("REDIS_URL=(hidden)") && !text.contains("hunter2"), "{text}");
    for url in ["redis.internal:6379", "http://:hunter2@redis.internal"] {
        let text = problems(&[("REDIS_URL", url)]);
        assert!(text.contains("REDIS_URL") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_redis_is_spoken_to_as_the_store_does_by_default() {
    let (ours, stores) = (load(&[]).unwrap().redis.settings(), ironleaf_store::RedisSettings::default());
    assert_eq!(format!("{ours:?}"), format!("{stores:?}"));
}

#[test]
fn a_redis_has_a_prefix_a_timeout_and_an_authority_of_its_own() {
    let variables = [
        ("REDIS_URL", "rediss://redis.internal"),
        ("REDIS_PREFIX", "shop:eu-1/"),
        ("REDIS_TIMEOUT", "250ms"),
        ("REDIS_CA_FILE", "/etc/redis-ca.pem"),
    ];
    let config = load(&variables).unwrap();
    let settings = config.redis.settings();
    assert_eq!(settings.prefix, "shop:eu-1/");
    let timeouts = [settings.connect_timeout, settings.response_timeout, settings.command_timeout];
    assert_eq!(timeouts, [Duration::from_millis(250); 3]);
    assert_eq!(settings.root_certificates.as_deref(), Some(REDIS_CA.as_bytes()));
    let text = config.describe();
    for line in ["REDIS_PREFIX=shop:eu-1/", "REDIS_TIMEOUT=250ms", "REDIS_CA_FILE=/etc/redis-ca.pem"] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
}

#[test]
fn what_a_redis_cannot_be_told_is_refused_with_its_name() {
    let long = "x".repeat(65);
    for (name, value) in [
        ("REDIS_PREFIX", "{shop}:"),
        ("REDIS_PREFIX", "shop *"),
        ("REDIS_PREFIX", &long),
        ("REDIS_TIMEOUT", "500"),
        ("REDIS_TIMEOUT", "0ms"),
        ("REDIS_TIMEOUT", "2s"),
        ("REDIS_TIMEOUT", "1m"),
        ("REDIS_CA_FILE", "/nowhere"),
        ("REDIS_CA_FILE", "/etc/empty.pem"),
        ("REDIS_CA_FILE", "/run/secrets/smtp"),
    ] {
        let text = problems(&[("REDIS_URL", "rediss://redis.internal"), (name, value)]);
        assert!(text.contains(name) && !text.contains("hunter2"), "{text}");
    }
    let in_clear = [("REDIS_URL", "redis://redis.internal"), ("REDIS_CA_FILE", "/etc/redis-ca.pem")];
    assert!(problems(&in_clear).contains("rediss://"));
}

#[test]
fn e_mails_go_to_a_mail_server_with_a_sender_and_its_password_is_hidden() {
    assert!(load(&[]).unwrap().core_api.smtp.is_none());
    let from = ("SMTP_FROM", "Ironleaf <no-reply@example.com>");
    let config = load(&[("SMTP_URL_FILE", "/run/secrets/smtp"), from]).unwrap();
    let smtp = config.core_api.smtp.as_ref().unwrap();
    assert_eq!((smtp.server.host(), smtp.server.port()), ("mail.example.com", 465));
    let text = config.describe();
    assert!(text.contains("SMTP_URL=(hidden)") && text.contains("SMTP_FROM=Ironleaf <no-reply@"), "{text}");
    assert!(!text.contains("hunter2") && !format!("{smtp:?}").contains("hunter2"), "{text}");
}

#[test]
fn what_is_wrong_with_a_mail_server_is_said_without_its_password() {
    let from = ("SMTP_FROM", "no-reply@example.com");
    for (url, hint) in [
        ("smtp://mailer:hunter2@mail.example.com", "?tls=required"),
        ("smtp://mailer:hunter2@mail.example.com?tls=opportunistic", "?tls=required"),
        ("smtps://mailer:hunter2@mail.example.com?tls=never", "?tls="),
        ("https://mailer:hunter2@mail.example.com", "smtps://"),
    ] {
        let text = problems(&[("SMTP_URL", url), from]);
        assert!(text.contains("SMTP_URL") && text.contains(hint) && !text.contains("hunter2"), "{text}");
    }
    let text = problems(&[("SMTP_URL", "here"), ("SMTP_FROM", "nobody"), ("LISTEN_ADDR", "here")]);
    for name in ["SMTP_URL", "SMTP_FROM", "LISTEN_ADDR"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    let text = problems(&[("SMTP_URL", "smtp://127.0.0.1:1025")]);
    assert!(text.contains("SMTP_FROM is missing"), "{text}");
}

#[test]
fn proxies_are_networks_or_single_addresses() {
    let config = load(&[("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1,")]).unwrap();
    assert_eq!(config.trusted_proxies.to_string(), "10.0.0.0/8,2001:db8::1/128");
    assert!(load(&[]).unwrap().trusted_proxies.is_empty());
    for (name, value) in [
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "proxy.internal"),
        ("CLIENT_IP_HEADER", "not a header"),
        ("CLIENT_IP_HEADER", "Forwarded"),
    ] {
        let text = problems(&[(name, value)]);
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_rate_limit_is_a_number_and_a_period() {
    let config = load(&[("RATE_LIMIT_ACCOUNT", "20 / 2h"), ("HSTS_INCLUDE_SUBDOMAINS", "true")]).unwrap();
    let text = config.describe();
    for line in ["RATE_LIMIT_STRICT=10/900s", "RATE_LIMIT_ACCOUNT=20/7200s", "HSTS_INCLUDE_SUBDOMAINS=true"] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
    for value in ["10", "10/15", "0/15m", "10/0s", "-1/1s", "x/1s", "/", "5000000000/1s"] {
        assert!(problems(&[("RATE_LIMIT_ADDRESS", value)]).contains("RATE_LIMIT_ADDRESS"), "{value}");
    }
}

#[test]
fn a_core_api_alone_needs_no_core_api() {
    let lookup = |variables: &[(&str, &str)]| {
        let variable =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        CoreApiConfig::from_lookup(&variable, &|_| Ok(String::new()))
    };
    let variables = [
        ("IRONLEAF_ENV", "production"),
        ("PUBLIC_ORIGIN", "https://app.example.com"),
        ("DATA_DIR", "/var/lib/ironleaf"),
        ("CORE_API_LISTEN_ADDR", "0.0.0.0:3001"),
    ];
    let config = lookup(&variables).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert!(config.describe().contains("CORE_API_LISTEN_ADDR=0.0.0.0:3001"));
    let text =
        lookup(&[("IRONLEAF_ENV", "production"), ("CORE_API_TOKEN_MARK", "x")]).err().unwrap().to_string();
    for name in ["PUBLIC_ORIGIN", "DATA_DIR", "CORE_API_TOKEN_MARK"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(lookup(&[("CORE_API_LISTEN_ADDR", "0.0.0.0:3001")]).is_err());
}

#[test]
fn pages_elsewhere_are_named_by_their_exact_origin() {
    let name = "CORE_API_CORS_ORIGINS";
    let config = load(&[(name, "https://admin.example.com, http://127.0.0.1:5173")]).unwrap();
    let line = "CORE_API_CORS_ORIGINS=https://admin.example.com,http://127.0.0.1:5173";
    assert!(config.describe().contains(line) && config.core_api.describe().contains(line));
    assert!(load(&[]).unwrap().core_api.cors_origins.is_empty());
    for bad in ["*", "null", "https://admin.example.com/", "https://ok.example,admin.example.com"] {
        let text = problems(&[(name, bad)]);
        let wrong = bad.rsplit(',').next().unwrap();
        assert!(text.contains(name) && text.contains(&format!("`{wrong}` is no origin")), "{text}");
    }
    let mut variables = PRODUCTION.to_vec();
    variables.push((name, "https://admin.example.com"));
    assert!(load(&variables).is_ok());
    variables.push((name, "http://admin.example.com"));
    variables.swap_remove(PRODUCTION.len());
    assert!(problems(&variables).contains(name));
}

#[test]
fn with_a_redis_nothing_is_kept_on_this_machine() {
    let mut variables = PRODUCTION;
    variables[3] = ("REDIS_URL", "redis://redis.internal");
    assert!(load(&variables).is_ok());
}

/// The names at the start of the lines, as found by `names`.
fn names_in<'a>(text: &'a str, names: impl Fn(&'a str) -> Option<&'a str>) -> BTreeSet<String> {
    text.lines()
        .filter_map(names)
        .flat_map(|names| names.split(", "))
        .map(|name| name.replace(['`', '*', ' '], ""))
        .collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_uppercase())
}

#[test]
fn the_documents_name_every_variable_and_no_other() {
    let mut read = names::known();
    // Set by cargo-leptos, for its own program.
    read.retain(|name| !["LEPTOS_WATCH", "LEPTOS_RELOAD_PORT"].contains(&name.as_str()));
    let example = include_str!("../../../.env.example");
    let example = names_in(example, |line| {
        line.strip_prefix('#')?.split_once('=').map(|(name, _)| name).filter(|name| is_name(name))
    });
    assert_eq!(example, read);
    let table = include_str!("../../../docs/configuration.md");
    let row = |line: &'static str| line.strip_prefix("| `").and_then(|line| line.split('|').next());
    let table = names_in(table, |line| row(line).filter(|name| is_name(name)));
    // A secret from a file is documented in the row of the secret.
    let names = read.clone();
    read.retain(|name| !name.strip_suffix("_FILE").is_some_and(|secret| names.contains(secret)));
    assert_eq!(table, read);
    // The description has the variables of the chosen provider only.
    let mut described = names_in(&load(&[]).unwrap().describe(), |line| line.split('=').next());
    for kind in &providers::ALL {
        let mut lines = Lines::default();
        (kind.read)(&mut Reader::new(&|_| None, &|_| Ok(String::new()))).describe(&mut lines);
        described.extend(names_in(&lines.finish(), |line| line.split('=').next()));
    }
    assert_eq!(described, read);
}

#[test]
fn every_secret_can_come_from_a_file() {
    for (provider, name) in [
        ("core-api", "SESSION_SECRETS"),
        ("core-api", "REDIS_URL"),
        ("core-api", "SMTP_URL"),
        ("oidc", "OIDC_CLIENT_SECRET"),
    ] {
        let (provider, file) = (("PROVIDER", provider), format!("{name}_FILE"));
        assert!(names::known().contains(&file));
        assert!(problems(&[provider, (&file, "/nowhere")]).contains("/nowhere"), "{name}");
        assert!(problems(&[provider, (&file, "/nowhere"), (name, "x")]).contains("both set"), "{name}");
        let documented = include_str!("../../../docs/configuration.md");
        assert!(documented.contains(&format!("`{file}`")), "{file}");
    }
}
