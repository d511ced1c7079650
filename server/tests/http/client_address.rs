//! What the core API learns about a browser: its address, and nothing else.

use crate::browser::Browser;
use crate::world::World;

async fn told(world: &World, browser: &mut Browser) -> String {
    assert_eq!(browser.sign_in("user@test.com", "password1").await.status, 303);
    world.settled().await;
    let headers = world.network.last_headers();
    let values: Vec<_> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap()).collect();
    values.join(" and ")
}

#[tokio::test]
async fn what_a_browser_says_of_its_address_is_not_passed_on() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.peer = "203.0.113.9".parse().unwrap();
    for header in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        browser.headers.insert(header, "198.51.100.1".to_owned());
    }
    assert_eq!(told(&world, &mut browser).await, "203.0.113.9");
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client() {
    let world = World::with(&[("TRUSTED_PROXIES", "10.0.0.0/8,2001:db8:1::/48")]).await;
    let mut browser = world.browser();
    browser.headers.insert("x-forwarded-for", "1.1.1.1, [2001:db8::9]:443, 10.7.7.7".to_owned());
    for (peer, client) in [
        ("10.0.0.1", "2001:db8::9"),
        ("::ffff:10.0.0.1", "2001:db8::9"),
        ("2001:db8:1::2", "2001:db8::9"),
        ("203.0.113.9", "203.0.113.9"),
    ] {
        browser.peer = peer.parse().unwrap();
        assert_eq!(told(&world, &mut browser).await, client, "{peer}");
    }
}

#[tokio::test]
async fn proxies_may_write_another_header_and_only_that_one_counts() {
    let world = World::with(&[("TRUSTED_PROXIES", "10.0.0.1"), ("CLIENT_IP_HEADER", "X-Real-IP")]).await;
    let mut browser = world.browser();
    browser.peer = "10.0.0.1".parse().unwrap();
    browser.headers.insert("x-forwarded-for", "198.51.100.1".to_owned());
    assert_eq!(told(&world, &mut browser).await, "10.0.0.1");
    browser.headers.insert("x-real-ip", "203.0.113.9".to_owned());
    assert_eq!(told(&world, &mut browser).await, "203.0.113.9");
}

#[tokio::test]
async fn nothing_that_only_a_browser_may_say_reaches_the_core_api() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for name in
        ["origin", "referer", "authorization", "user-agent", "sec-fetch-mode", "x-forwarded-host", "via"]
    {
        browser.headers.insert(name, "http://127.0.0.1:3000".to_owned());
    }
    assert_eq!(browser.get("/account").await.status, 200);
    let headers = world.network.last_headers();
    let authorization = headers["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("Bearer ") && !authorization.contains("127.0.0.1"), "{authorization}");
    let names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    for name in [
        "cookie",
        "origin",
        "referer",
        "user-agent",
        "sec-fetch-site",
        "sec-fetch-mode",
        "x-forwarded-host",
        "via",
    ] {
        assert!(!names.contains(&name), "{name} among {names:?}");
    }
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
}
