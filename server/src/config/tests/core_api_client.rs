use super::*;

const API: (&str, &str) = ("CORE_API_URL", "https://api.example.com/v1");

#[test]
fn a_core_api_is_reached_as_the_transport_does_by_default() {
    let (ours, transports) = (load(&[API]).unwrap().core_api_client.settings(), HttpSettings::default());
    assert_eq!(format!("{ours:?}"), format!("{transports:?}"));
}

#[test]
fn a_core_api_has_a_proxy_and_an_authority_of_its_own() {
    let proxy = ("CORE_API_PROXY", "http://ironleaf:hunter2@proxy.internal:3128");
    let config = load(&[API, proxy, ("CORE_API_CA_FILE", "/etc/redis-ca.pem")]).unwrap();
    let settings = config.core_api_client.settings();
    assert_eq!(
        settings.proxy.as_ref().map(Url::as_str),
        Some("http://ironleaf:hunter2@proxy.internal:3128/")
    );
    assert_eq!(settings.root_certificates.as_deref(), Some(REDIS_CA.as_bytes()));
    let text = config.describe();
    for line in ["CORE_API_PROXY=(hidden)", "CORE_API_CA_FILE=/etc/redis-ca.pem"] {
        assert!(text.contains(line) && !text.contains("hunter2"), "{line} is not in: {text}");
    }
}

#[test]
fn what_a_way_to_the_core_api_cannot_be_is_refused_with_its_name() {
    for (name, value) in [
        ("CORE_API_PROXY", "proxy.internal:3128"),
        ("CORE_API_PROXY", "socks5://:hunter2@proxy.internal"),
        ("CORE_API_PROXY", "http://:hunter2@proxy.internal/path"),
        ("CORE_API_PROXY", "http://:hunter2@proxy.internal?x"),
        ("CORE_API_CA_FILE", "/nowhere"),
        ("CORE_API_CA_FILE", "/etc/empty.pem"),
        ("CORE_API_CA_FILE", "/run/secrets/smtp"),
    ] {
        let text = problems(&[API, (name, value)]);
        assert!(text.contains(name) && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn nothing_is_named_that_would_not_be_used() {
    let in_clear = [("CORE_API_URL", "http://api.example.com"), ("CORE_API_CA_FILE", "/etc/redis-ca.pem")];
    assert!(problems(&in_clear).contains("CORE_API_CA_FILE is set"));
    for (name, value) in
        [("CORE_API_PROXY", "http://proxy.internal"), ("CORE_API_CA_FILE", "/etc/redis-ca.pem")]
    {
        assert!(problems(&[(name, value)]).contains(name), "the embedded one is reached without {name}");
    }
}
