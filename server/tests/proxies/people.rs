//! What people would notice of a badly configured proxy: no sign-in, the wrong address, links that lead nowhere.

use std::net::Ipv4Addr;

use std::collections::BTreeMap;

use reqwest::Response;
use reqwest::header::{COOKIE, HOST, SET_COOKIE};

use crate::client::{Browser, Speaks, location, status};
use crate::machine::MACHINE;
use crate::programs::Program;
use crate::world::{CDN, World};

const ADA: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const BOB: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// The free failures of one account from one address, as configured for these replicas.
const FREE_FAILURES: usize = 3;

pub(crate) async fn are_served_behind(program: &Program) {
    let _alone = MACHINE.lock().await;
    let Some(world) = World::behind(program).await else { return };
    for speaks in [Speaks::Http1, Speaks::Http2] {
        sends_no_longer_line_than_is_taken(&world, speaks).await;
        signs_in_over_tls_alone(&world, speaks).await;
    }
    leads_to_tls(&world).await;
    other_sites_and_hosts_are_refused(&world).await;
    damaged_links_arrive(&world).await;
    everybody_has_their_own_address(&world).await;
}

async fn signs_in_over_tls_alone(world: &World, speaks: Speaks) {
    let browser = Browser::at(&world.front, ADA, speaks);
    assert_eq!(status(browser.get("/login")).await, "200");
    let answer = browser.sign_in("user@test.com", "password1").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), location(&answer)), (303, "/"));
    let lines: Vec<_> =
        answer.headers().get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("__Host-Http-ironleaf-session")), "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("; Secure")), "{lines:?}");
    let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
    let account = browser.get("/account").header(COOKIE, pairs.join("; ")).send().await.unwrap();
    assert_eq!(account.status(), 200);
    assert!(account.text().await.unwrap().contains("user@test.com"));
}

/// The cookies of a browser.
#[derive(Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn keep(&mut self, answer: &Response) {
        for line in answer.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn line(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

/// Sends the cookies of a person with a large session, after e-mails and after forms with long fields.
async fn sends_no_longer_line_than_is_taken(world: &World, speaks: Speaks) {
    let browser = Browser::at(&world.front, ADA, speaks);
    let mut jar = Jar::default();
    let long = "u".repeat(950);
    let wrong = format!("email={long}&password=short&confirm_password=other");
    for (path, form) in [
        ("/api/request-password-reset", "email=user@test.com&return_to=/account".to_owned()),
        ("/api/register", wrong.clone()),
        ("/api/sign-in", "email=user@test.com&password=password1".to_owned()),
        ("/api/set-theme", "theme=dark".to_owned()),
        ("/api/set-language", "language=de".to_owned()),
        ("/api/update-account", wrong.clone()),
        ("/api/register", wrong),
    ] {
        let form = browser.post(path, form).header("sec-fetch-site", "same-origin");
        let answer = form.header(COOKIE, jar.line()).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{path} with {} bytes of cookies", jar.line().len());
        jar.keep(&answer);
    }
    assert!((7_400..=8_182).contains(&jar.line().len()), "{}", jar.line().len());
    let account = browser.get("/account").header(COOKIE, jar.line()).send().await.unwrap();
    assert_eq!(account.status(), 200);
    assert!(account.text().await.unwrap().contains("Ungültige E-Mail-Adresse"));
}

async fn leads_to_tls(world: &World) {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let request =
        client.build().unwrap().get(format!("http://{}/login?return_to=/account", world.front.places.http));
    let answer = request.header(HOST, "app.example.com").send().await.unwrap();
    let (status, to) = (answer.status().as_u16(), location(&answer));
    assert_eq!(status, 308, "{to}");
    assert!(to.starts_with("https://app.example.com") && to.ends_with("/login?return_to=/account"), "{to}");
}

async fn other_sites_and_hosts_are_refused(world: &World) {
    let browser = Browser::at(&world.front, ADA, Speaks::Http1);
    let form = || browser.post("/api/sign-in", "email=user@test.com&password=password1".to_owned());
    assert_eq!(status(form().header("sec-fetch-site", "cross-site")).await, "403");
    assert_eq!(status(form().header("origin", "http://app.example.com")).await, "403");
    assert_eq!(status(form().header("origin", "https://app.example.com")).await, "303");
    let page = browser.get("/login").header(HOST, "other.example.com").send().await.unwrap();
    // Caddy itself recognises that this host is unknown, and sends an empty page.
    let (status, text) = (page.status().as_u16(), page.text().await.unwrap());
    assert!(status == 421 || status == 200 && text.is_empty(), "{status}: {text}");
}

async fn damaged_links_arrive(world: &World) {
    let browser = Browser::at(&world.front, ADA, Speaks::Http1);
    let answer = browser.get("/login%3Femail=user%40test.com%26token=x").send().await.unwrap();
    let to = location(&answer);
    assert_eq!((answer.status().as_u16(), to.split('?').next()), (307, Some("/login")), "{to}");
    let place = "/login?filter[a]=1&x=%5B%25&y=a+b";
    assert_eq!(status(browser.get(place)).await, "200");
}

async fn everybody_has_their_own_address(world: &World) {
    let [ada, bob, cdn] = [ADA, BOB, CDN].map(|at| Browser::at(&world.front, at, Speaks::Http1));
    for _ in 0..FREE_FAILURES {
        assert_eq!(status(ada.sign_in("carl@test.com", "wrong-password")).await, "303");
    }
    assert_eq!(status(ada.sign_in("carl@test.com", "wrong-password")).await, "429");
    assert_eq!(status(bob.sign_in("carl@test.com", "wrong-password")).await, "303");
    // A client's claim about its own address is not believed, even if it names one of our proxies.
    for lie in ["203.0.113.1", "127.0.0.1", "203.0.113.1, 127.0.0.1", "unknown"] {
        let guess = ada.sign_in("carl@test.com", "wrong-password").header("x-forwarded-for", lie);
        assert_eq!(status(guess).await, "429", "{lie}");
    }
    // The CDN's statement is believed.
    let through_cdn = async |client: &str| {
        status(cdn.sign_in("dora@test.com", "wrong-password").header("x-forwarded-for", client)).await
    };
    for _ in 0..FREE_FAILURES {
        assert_eq!(through_cdn("203.0.113.7").await, "303");
    }
    assert_eq!(through_cdn("203.0.113.7").await, "429");
    assert_eq!(through_cdn("203.0.113.8").await, "303");
    assert_eq!(through_cdn("198.51.100.1, 203.0.113.7").await, "429");
}
