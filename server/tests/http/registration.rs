//! `/register`, through its form and by a script.

use crate::browser::SESSION;
use crate::network::Outcome;
use crate::world::World;

const FORM: &str = "email=New@Test.com&password=password1&confirm_password=password1";

#[tokio::test]
async fn a_registration_signs_in_and_leads_home() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post("/api/register", FORM).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert_eq!(answer.set_cookies(SESSION).len(), 1);
    assert!(browser.get("/").await.body.contains("new@test.com"));
    let account = browser.get("/account").await.body;
    assert!(account.contains("Your email address is unverified"), "{account}");
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_beside_its_field_and_the_address_is_kept() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (form, expected) in [
        ("email=ada&password=short&confirm_password=", "Invalid email address"),
        ("email=ada&password=short&confirm_password=", "Password must be at least 8 characters"),
        ("email=ada&password=short&confirm_password=", "Confirm Password is required"),
        ("email=ada&password=password1&confirm_password=password2", "Passwords must match"),
    ] {
        let answer = browser.post("/api/register", form).await;
        assert_eq!((answer.status, answer.location()), (303, "/register"), "{form}");
        let page = browser.get("/register").await.body;
        assert!(page.contains(&format!(r#"class="field-error">{expected}</p>"#)), "{expected}: {page}");
        assert!(page.contains(r#"value="ada""#) && page.contains(r#"aria-invalid="true""#), "{page}");
        assert!(!page.contains(r#"value="password1""#) && !page.contains(r#"value="short""#), "{page}");
        assert!(!browser.get("/register").await.body.contains(r#"aria-invalid="true""#), "said twice");
    }
    assert_eq!(world.stats().sign_ins, 0);
}

#[tokio::test]
async fn an_address_that_has_an_account_is_said_to() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = "email=USER@test.com&password=password1&confirm_password=password1";
    assert_eq!(browser.post("/api/register", form).await.location(), "/register");
    let page = browser.get("/register").await.body;
    assert!(page.contains("A user with this email already exists"), "{page}");
}

#[tokio::test]
async fn a_script_gets_the_fields_and_a_status() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/register", "email=ada&password=password1&confirm_password=").await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (answer.status, body),
        (
            422,
            serde_json::json!({
                "code": "invalid_fields",
                "message": "Invalid email address",
                "fields": { "email": "Invalid email address", "confirm_password": "Confirm Password is required" },
            })
        )
    );
    let taken = "email=user@test.com&password=password1&confirm_password=password1";
    let answer = browser.post("/api/register", taken).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("email_taken"), "{}", answer.body);
    let answer = browser.post("/api/register", FORM).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(r#""next":"/""#), "{}", answer.body);
}

#[tokio::test]
async fn while_the_core_api_is_gone_the_form_comes_back_with_its_address() {
    let world = World::new().await;
    let mut browser = world.browser();
    world.network.cut();
    let answer = browser.post("/api/register", FORM).await;
    assert_eq!((answer.status, answer.location()), (303, "/register"));
    let page = browser.get("/register").await.body;
    assert!(
        page.contains("We cannot reach our servers right now") && page.contains("New@Test.com"),
        "{page}"
    );
}

#[tokio::test]
async fn an_account_whose_sign_in_was_lost_is_said_to_be_there() {
    let world = World::new().await;
    let mut browser = world.browser();
    world.network.fail("/auth/tokens", Outcome::Reset);
    let answer = browser.post("/api/register", FORM).await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    world.network.heal();
    assert!(browser.get("/login").await.body.contains("Your account has been created, please log in."));
    assert_eq!(browser.sign_in("new@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn a_password_is_long_and_is_never_trimmed() {
    let world = World::new().await;
    let password = "%20%C3%A4%F0%9F%8C%BF%20%22%26%3D%2B%20".to_owned() + &"x".repeat(90);
    let form = format!("email=new@test.com&password={password}&confirm_password={password}");
    assert_eq!(world.browser().post("/api/register", &form).await.location(), "/");
    assert_eq!(world.browser().sign_in("new@test.com", &password).await.location(), "/");
    let trimmed = password.trim_start_matches("%20");
    assert_eq!(world.browser().sign_in("new@test.com", trimmed).await.location(), "/login");
}

#[tokio::test]
async fn who_is_signed_in_does_not_register() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for page in ["/register", "/reset-password", "/login"] {
        let answer = browser.get(page).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{page}");
    }
}
