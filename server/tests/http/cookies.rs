//! The `Cookie` header with all cookies that a browser was given. A proxy accepts a line of at most 8,190 bytes.

use crate::browser::{Answer, Browser};
use crate::world::World;

/// Counted as Apache httpd does: the name of the header and everything after it.
const LONGEST_LINE_BYTES: usize = 8_190;

const ORIGIN: &str = "https://127.0.0.1:3000";

/// Makes every session nearly as large as allowed. The number is one more than a multiple of four, so the tokens are
/// never valid base64, which would be stored in fewer bytes.
const MARK_BYTES: usize = 2_321;

fn line_bytes(browser: &Browser) -> usize {
    let pairs: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("Cookie: {}", pairs.join("; ")).len()
}

fn session_bytes(browser: &Browser) -> usize {
    let pairs = browser.cookies.iter().filter(|(name, _)| name.contains("session"));
    pairs.map(|(name, value)| name.len() + value.len() + "=; ".len()).sum()
}

/// A world in which every session is nearly as large as allowed.
async fn world() -> World {
    let mark = "x".repeat(MARK_BYTES);
    World::with(&[("CORE_API_TOKEN_MARK", &mark), ("PUBLIC_ORIGIN", ORIGIN)]).await
}

/// A person who does everything that sets a cookie, with the longest possible contents.
struct Person {
    browser: Browser,
    /// The longest line so far, in bytes.
    longest: usize,
}

impl Person {
    fn of(world: &World) -> Self {
        let browser = world.browser();
        Self { browser, longest: 0 }
    }

    fn look(&mut self, what: &str, answer: &Answer) {
        assert!(answer.status < 400, "{what}: {} {}", answer.status, answer.body);
        let bytes = line_bytes(&self.browser);
        let sizes: Vec<_> = self.browser.cookies.iter().map(|(name, value)| (name, value.len())).collect();
        assert!(bytes <= LONGEST_LINE_BYTES, "{bytes} bytes after {what}: {sizes:?}");
        self.longest = self.longest.max(bytes);
    }

    async fn post(&mut self, path: &str, form: &str) -> String {
        let answer = self.browser.post(path, form).await;
        self.look(path, &answer);
        answer.location().to_owned()
    }

    /// The page after all redirects.
    async fn get(&mut self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let answer = self.browser.get(&path).await;
            self.look(&path, &answer);
            if answer.status == 200 {
                return answer.body;
            }
            answer.location().clone_into(&mut path);
        }
        panic!("{path} leads on and on");
    }

    async fn sign_in(&mut self) {
        self.post("/api/sign-in", "email=user@test.com&password=password1").await;
        let bytes = session_bytes(&self.browser);
        assert!((7_000..=7_168).contains(&bytes), "{bytes}");
    }

    /// Does everything with the longest inputs, in a browser that knows many people.
    async fn does_everything(&mut self) {
        let place = format!("/account?{}", "p".repeat(500));
        for letter in ["a", "b", "c"] {
            let email = format!("{}@{}.test", letter.repeat(63), "d".repeat(60));
            let form = format!("email={email}&return_to={place}");
            self.post("/api/request-password-reset", &form).await;
        }
        let form =
            format!("email={}&password=short&confirm_password=other&return_to={place}", "r".repeat(500));
        self.post("/api/register", &form).await;
        self.post("/api/set-theme", "theme=dark").await;
        self.post("/api/set-language", "language=en").await;
        self.open_links().await;
        let form = format!("email={}&password=short&confirm_password=other", "u".repeat(950));
        self.post("/api/update-account", &form).await;
        self.get("/").await;
    }

    async fn open_links(&mut self) {
        let token = "t".repeat(2_048);
        let answer = self.browser.get(&format!("/email-verification?token={token}")).await;
        self.look("a link that verifies", &answer);
        let answer = self.browser.get(&format!("/login?email=user@test.com&token={token}")).await;
        self.look("a link that signs in", &answer);
    }
}

#[tokio::test]
async fn whatever_somebody_does_they_send_no_longer_line_than_proxies_take() {
    let world = world().await;
    let mut person = Person::of(&world);
    person.does_everything().await;
    person.sign_in().await;
    for _ in 0..2 {
        person.does_everything().await;
        assert!(person.get("/account").await.contains("user@test.com"));
    }
    person.post("/api/sign-out", "").await;
    person.does_everything().await;
    assert!(person.longest > 7_700, "{}", person.longest);
}

#[tokio::test]
async fn a_form_with_a_long_field_says_what_is_wrong_where_what_was_typed_finds_no_room() {
    let world = world().await;
    let mut person = Person::of(&world);
    person.post("/api/request-password-reset", "email=user@test.com").await;
    person.sign_in().await;
    let long = "u".repeat(950);
    let to = person.post("/api/update-account", &format!("email={long}&password=&confirm_password=")).await;
    assert_eq!(to, "/account");
    let page = person.get("/account").await;
    assert!(page.contains("Invalid email address") && !page.contains(&long), "{page}");
    assert!(page.contains(r#"value="user@test.com""#), "{page}");

    // Another application's cookie on this host leaves no space for the address either, only for a message.
    person.browser.cookies.insert("analytics".to_owned(), "x".repeat(600));
    person.post("/api/update-account", &format!("email={long}&password=&confirm_password=")).await;
    assert!(person.get("/account").await.contains("Please check what you have entered."));
}

#[tokio::test]
async fn a_link_that_finds_no_room_beside_a_session_is_said_so_and_works_without_one() {
    let world = world().await;
    let mut person = Person::of(&world);
    person.sign_in().await;
    let token = "t".repeat(2_048);
    for link in ["/login?email=user@test.com&token=", "/email-verification?token="] {
        let page = person.get(&format!("{link}{token}")).await;
        assert!(page.contains("There is no room for this link"), "{link}: {page}");
        assert!(page.contains("Account menu"), "nobody is signed out");
    }
    person.post("/api/sign-out", "").await;
    for (link, button) in
        [("/login?email=user@test.com&token=", "Logging you in"), ("/email-verification?token=", "Verify")]
    {
        let page = person.get(&format!("{link}{token}")).await;
        assert!(page.contains(button) && !page.contains("no room"), "{link}: {page}");
    }
}

#[tokio::test]
async fn what_one_person_typed_is_not_shown_to_another_where_nobody_remembers_whose_it_was() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.post("/api/update-account", "email=of-the-first&password=&confirm_password=").await;
    browser.cookies.retain(|name, _| name.contains("fields"));
    assert_eq!(browser.cookies.len(), 1);
    browser.sign_in("admin@test.com", "password1").await;
    assert!(!browser.get("/account").await.body.contains("of-the-first"));
}
