use super::*;
use crate::config::exposed_files::exposed_files;
use crate::config::warnings::ignored_proxy;

/// The warnings for production with these variables.
fn doubts(variables: &[(&'static str, &'static str)]) -> String {
    load(&with(variables)).unwrap().doubtful_values().join("\n")
}

/// The variables of production with these added.
fn with(variables: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    variables.iter().chain(&PRODUCTION).copied().collect()
}

#[test]
fn what_production_usually_is_gives_no_cause_for_doubt() {
    assert_eq!(doubts(&[]), "");
    for url in ["http://127.0.0.1:3001/v1", "http://[::1]:3001/v1", "http://localhost:3001/v1"] {
        assert_eq!(doubts(&[("CORE_API_URL", url)]), "");
    }
    for address in ["127.0.0.1:9000", "10.1.2.3:9000", "172.31.0.1:9000", "100.64.0.1:9000", "[fd00::1]:9000"]
    {
        assert_eq!(doubts(&[("METRICS_LISTEN_ADDR", address)]), "");
    }
    assert_eq!(doubts(&[("REDIS_URL", "redis://:hunter2@127.0.0.1:6379")]), "");
}

#[test]
fn what_travels_in_clear_to_another_machine_is_said() {
    for url in ["http://api.example.com/v1", "http://10.0.0.7/v1", "http://[fd00::7]/v1"] {
        assert!(doubts(&[("CORE_API_URL", url)]).contains("CORE_API_URL is http://"), "{url}");
    }
    let redis = doubts(&[("REDIS_URL", "redis://:hunter2@redis.internal")]);
    assert!(redis.contains("rediss://") && !redis.contains("hunter2"), "{redis}");
}

#[test]
fn roles_that_are_separated_by_spaces_are_said_and_one_role_with_a_space_stays_possible() {
    for roles in ["admin evaluator", "guest, admin evaluator", "admin\tevaluator"] {
        let text = doubts(&[("SIGN_IN_ROLES", roles)]);
        assert!(text.contains("SIGN_IN_ROLES") && text.contains("separate roles by commas"), "{text}");
    }
    assert_eq!(doubts(&[("SIGN_IN_ROLES", "admin, evaluator")]), "");
    assert_eq!(
        load(&with(&[("SIGN_IN_ROLES", "Site Admin,guest")])).unwrap().sign_in_roles,
        ["Site Admin", "guest"]
    );
}

#[test]
fn metrics_for_everybody_are_said() {
    for address in ["0.0.0.0:9000", "[::]:9000", "203.0.113.7:9000", "172.32.0.1:9000", "[2001:db8::1]:9000"]
    {
        let text = doubts(&[("METRICS_LISTEN_ADDR", address)]);
        assert!(text.contains("METRICS_LISTEN_ADDR") && text.contains(address), "{text}");
    }
}

#[test]
fn a_secret_that_nobody_drew_is_refused() {
    for secret in ["0".repeat(64), "0123456789abcdef".repeat(4), "74".repeat(32), "A".repeat(43)] {
        let text = problems(&[("SESSION_SECRETS", &secret)]);
        assert!(
            text.contains("SESSION_SECRETS") && text.contains("openssl") && !text.contains(&secret),
            "{text}"
        );
    }
}

#[test]
fn networks_wider_than_anybodys_own_are_no_proxies() {
    for networks in ["0.0.0.0/0", "10.0.0.0/8,::/0", "0.0.0.0/1,128.0.0.0/1", "2000::/3"] {
        assert!(problems(&[("TRUSTED_PROXIES", networks)]).contains("TRUSTED_PROXIES"), "{networks}");
    }
    for networks in ["10.0.0.0/8", "fc00::/7", "2001:db8::/32"] {
        assert!(load(&[("TRUSTED_PROXIES", networks)]).is_ok(), "{networks}");
    }
}

#[test]
fn two_listeners_have_two_places() {
    for (name, value) in [
        ("METRICS_LISTEN_ADDR", "127.0.0.1:3000"),
        ("METRICS_LISTEN_ADDR", "127.0.0.1:3001"),
        ("CORE_API_LISTEN_ADDR", "127.0.0.1:3000"),
        ("LISTEN_ADDR", "127.0.0.1:3001"),
    ] {
        let text = problems(&[(name, value)]);
        assert!(text.contains(name) && text.contains("the same place"), "{text}");
    }
    let everywhere = with(&[("LISTEN_ADDR", "0.0.0.0:3000"), ("METRICS_LISTEN_ADDR", "127.0.0.1:3000")]);
    assert!(problems(&everywhere).contains("the same place"));
    // The embedded core API does not run, so its address is not used.
    assert!(load(&with(&[("LISTEN_ADDR", "127.0.0.1:3001")])).is_ok());
    assert!(load(&[("LISTEN_ADDR", "127.0.0.1:0"), ("METRICS_LISTEN_ADDR", "127.0.0.1:0")]).is_ok());
    assert!(load(&[("LISTEN_ADDR", "127.0.0.1:9000"), ("METRICS_LISTEN_ADDR", "127.0.0.2:9000")]).is_ok());
}

#[cfg(unix)]
#[test]
fn a_secret_that_every_account_may_read_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    for (mode, is_exposed) in [(0o600, false), (0o440, false), (0o644, true), (0o604, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for name in ["SESSION_SECRETS_FILE", "REDIS_URL_FILE", "SMTP_URL_FILE"] {
            let said = exposed_files(&|asked| (asked == name).then(|| path.clone())).concat();
            assert_eq!(said.contains(name) && said.contains(&path), is_exposed, "{mode:o}: {said}");
        }
    }
    assert!(exposed_files(&|_| Some("/nowhere".to_owned())).is_empty());
}

#[test]
fn a_proxy_for_other_programs_is_said_to_be_unused() {
    let https_proxy = |name: &str| (name == "https_proxy").then(|| "http://proxy.internal".to_owned());
    let said = |variables: &[(&'static str, &'static str)]| {
        ignored_proxy(&load(&with(variables)).unwrap(), &https_proxy)
    };
    assert!(said(&[]).unwrap().contains("https_proxy is set and not used: CORE_API_PROXY"));
    assert_eq!(said(&[("CORE_API_PROXY", "http://proxy.internal")]), None);
    assert_eq!(said(&[("CORE_API_URL", "http://127.0.0.1:3001/v1")]), None);
    assert_eq!(ignored_proxy(&load(&with(&[])).unwrap(), &|_| Some(" ".to_owned())), None);
}
