//! `/admin/people`: other people, for administrators.

use std::time::Duration;

use http::header::ACCEPT;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::registry::{change, everybody, find, person, register, text};
use crate::world::World;

const LIST: &str = "/admin/people";

/// What a form of the page of a person sends.
fn form(person: &Value) -> String {
    format!("id={}&version={}", text(person, "id"), text(person, "updatedAt"))
}

fn page_of(person: &Value) -> String {
    format!("{LIST}/{}", text(person, "id"))
}

/// The addresses in the table, in their order.
fn addresses(page: &str) -> Vec<&str> {
    let rows = page.split(r#"<th scope="row">"#).skip(1);
    rows.filter_map(|row| row.split_once("\">")?.1.split_once('<')).map(|(address, _)| address).collect()
}

async fn listed(browser: &mut Browser, query: &str) -> String {
    let answer = browser.get(&format!("{LIST}{query}")).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{query}: {}",
        answer.body
    );
    answer.body
}

async fn scripted(browser: &mut Browser, path: &str, form: &str) -> Answer {
    browser.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    let answer = browser.post(path, form).await;
    browser.headers.insert(ACCEPT.as_str(), "text/html".to_owned());
    answer
}

/// Gives a role or takes it away, and returns the page that follows.
async fn set_admin(browser: &mut Browser, person: &Value, held: bool) -> String {
    let answer = browser.post("/api/set-role", &format!("{}&role=ADMIN&held={held}", form(person))).await;
    assert_eq!((answer.status, answer.location()), (303, &*page_of(person)), "{}", answer.body);
    browser.get(&page_of(person)).await.body
}

#[tokio::test]
async fn people_are_searched_filtered_sorted_and_shown_page_by_page() {
    let world = World::new().await;
    for number in 10..35 {
        world.advance(Duration::from_secs(1));
        register(&world, &format!("p{number}@people.com")).await;
    }
    let mut administrator = world.administrator().await;
    let newest = listed(&mut administrator, "").await;
    assert!(newest.contains("27 people") && newest.contains("Page 1 of 2"), "{newest}");
    assert_eq!((addresses(&newest).len(), addresses(&newest)[0]), (20, "p34@people.com"));
    let second = listed(&mut administrator, "?page=2").await;
    assert_eq!(addresses(&second).len(), 7);
    for (query, expected) in [
        ("?q=user%40", vec!["user@test.com"]),
        ("?role=ADMIN", vec!["admin@test.com"]),
        ("?q=test.com&sort=email", vec!["admin@test.com", "user@test.com"]),
        ("?q=test.com&sort=email-backwards", vec!["user@test.com", "admin@test.com"]),
        ("?q=p1&sort=oldest&role=", (10..20).map(|n| &*format!("p{n}@people.com").leak()).collect()),
        ("?q=nobody", vec![]),
        ("?q=p1&page=9", vec![]),
    ] {
        let page = listed(&mut administrator, query).await;
        assert_eq!(addresses(&page), expected, "{query}");
        assert_eq!(page.contains("Nobody is found here."), expected.is_empty(), "{query}");
    }
    let filtered = listed(&mut administrator, "?q=people&sort=email").await;
    assert!(
        filtered.contains(r#"<option value="email" selected>"#) && filtered.contains(r#"value="people""#)
    );
    assert!(filtered.contains(r#"href="/admin/people?q=people&amp;sort=email&amp;page=2""#), "{filtered}");
    assert!(
        filtered.contains("?return_to=/admin/people?q=people%26sort=email"),
        "the way back has the search"
    );
}

#[tokio::test]
async fn an_address_that_makes_no_sense_shows_everybody() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let long = format!("?q={}", "%C3%A4".repeat(900));
    for query in
        ["?page=0", "?page=x&sort=%00&role=ROOT", "?page=4294967295", "?%ff", "?q=%00%27%22%3Cb%3E", &long]
    {
        let page = listed(&mut administrator, query).await;
        assert!(!page.contains("<b>"), "{page}");
    }
    assert_eq!(addresses(&listed(&mut administrator, "?page=-1&role=root").await).len(), 2);
    for path in ["/admin/people/1", "/admin/people/%2e%2e", "/admin/people/a%2Fb", "/admin/people/current"] {
        let answer = administrator.get(path).await;
        assert!(answer.status == 404 && answer.body.contains("Page not found"), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn the_menu_leads_administrators_there_and_nobody_else() {
    let world = World::new().await;
    let item = r#"<a role="menuitem" href="/admin/people">"#;
    assert!(world.administrator().await.get("/account").await.body.contains(item));
    assert!(!world.signed_in().await.get("/account").await.body.contains("/admin/people"));
    assert!(!world.browser().get("/").await.body.contains("/admin/people"));
}

#[tokio::test]
async fn a_role_is_given_and_taken_and_the_other_roles_stay() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let mut somebody = world.signed_in().await;
    world.settled().await;
    let before = person(&world, "user@test.com").await;
    assert_eq!(before["roles"], json!(["VERIFIED_USER"]));
    let page = set_admin(&mut administrator, &before, true).await;
    assert!(
        page.contains("The person has the role now.") && page.contains("Take the role Administrator away")
    );
    let promoted = person(&world, "user@test.com").await;
    assert_eq!(promoted["roles"], json!(["ADMIN", "VERIFIED_USER"]));
    assert_eq!(somebody.get("/account").await.status, 200, "a new role ends no session");
    assert_eq!(somebody.get(LIST).await.status, 200, "what has asked for the person knows the role");

    let replica = world.replica(&[]).await;
    let page = set_admin(&mut administrator, &promoted, false).await;
    assert!(page.contains("the person is logged out everywhere here"), "{page}");
    assert_eq!(person(&world, "user@test.com").await["roles"], json!(["VERIFIED_USER"]));
    somebody.turn_to(replica);
    assert_eq!(somebody.get(LIST).await.location(), "/login?return_to=/admin/people", "on every replica");
    assert!(somebody.get("/login").await.body.contains("S13"));
    somebody.sign_in("user@test.com", "password1").await;
    assert_eq!(somebody.get(LIST).await.status, 403);
}

#[tokio::test]
async fn a_role_that_nobody_gives_is_not_given() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let somebody = register(&world, "b@test.com").await;
    let before = everybody(&world).await;
    for role in ["VERIFIED_USER", "ROOT", "", "admin"] {
        let form = format!("{}&role={role}&held=true", form(&somebody));
        let answer = scripted(&mut administrator, "/api/set-role", &form).await;
        assert_eq!(answer.status, 422, "{role}: {}", answer.body);
    }
    assert_eq!(everybody(&world).await, before);
}

#[tokio::test]
async fn nobody_takes_the_role_from_themselves_or_deletes_themselves() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let own = person(&world, "admin@test.com").await;
    let before = everybody(&world).await;
    let page = administrator.get(&page_of(&own)).await.body;
    assert!(page.contains("This is your own account.") && !page.contains("/api/set-role"), "{page}");
    let answer = administrator.get(&format!("{}/delete", page_of(&own))).await;
    assert_eq!((answer.status, answer.location()), (303, &*page_of(&own)));
    // The core API knows the person by this spelling, too.
    let shouted = form(&own).replace(&text(&own, "id"), &text(&own, "id").to_uppercase());
    for form in [form(&own), shouted] {
        for (path, fields) in [("/api/set-role", "&role=ADMIN&held=false"), ("/api/delete-person", "")] {
            let answer = scripted(&mut administrator, path, &format!("{form}{fields}")).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.body);
            assert!(answer.body.starts_with(r#"{"code":"own_account","#), "{}", answer.body);
        }
    }
    assert_eq!(everybody(&world).await, before);
    assert_eq!(administrator.get(LIST).await.status, 200);
}

#[tokio::test]
async fn a_deleted_person_is_gone_and_signed_out_on_every_replica() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    let mut somebody = world.signed_in().await;
    let mut administrator = world.administrator().await;
    world.settled().await;
    let victim = person(&world, "user@test.com").await;
    let page =
        administrator.get(&format!("{}/delete?return_to=/admin/people?q=user", page_of(&victim))).await.body;
    assert!(page.contains("<strong>user@test.com</strong>") && page.contains("Are you sure?"), "{page}");
    assert!(
        page.contains(&format!("href=\"{}?return_to=/admin/people?q=user\"", page_of(&victim))),
        "{page}"
    );
    let form = format!("{}&return_to=/admin/people?q=user", form(&victim));
    let answer = administrator.post("/api/delete-person", &form).await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/people?q=user"));
    let page = listed(&mut administrator, "?q=user").await;
    assert!(page.contains("The account is deleted.") && addresses(&page).is_empty(), "{page}");
    assert_eq!(find(&world, "user@test.com").await, None);
    for replica in [&world.router, &other] {
        let mut copy = somebody.clone();
        copy.turn_to(replica.clone());
        assert_eq!(copy.get("/confirm").await.status, 303, "a page that asks the core API nothing");
    }
    assert_eq!(somebody.get("/account").await.location(), "/login?return_to=/account");
    let again = administrator.post("/api/delete-person", &form).await;
    assert_eq!(again.location(), "/admin/people?q=user");
    assert!(listed(&mut administrator, "?q=user").await.contains("there is no such account any more"));
}

#[tokio::test]
async fn the_person_who_was_seen_is_changed_or_nobody() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let seen = register(&world, "b@test.com").await;
    change(&world, "b@test.com", &json!({ "roles": ["ADMIN"] })).await;
    let before = everybody(&world).await;
    for (path, fields) in [
        ("/api/set-role", "&role=ADMIN&held=false"),
        ("/api/delete-person", ""),
        ("/api/resend-verification-of", ""),
    ] {
        let form = format!("{}{fields}", form(&seen));
        let answer = scripted(&mut administrator, path, &form).await;
        assert_eq!(answer.status, 409, "{path}: {}", answer.body);
        assert!(answer.body.starts_with(r#"{"code":"outdated","#), "{}", answer.body);
        let answer = administrator.post(path, &form).await;
        assert!(answer.location().starts_with(&page_of(&seen)), "{path}");
        let page = administrator.get(answer.location()).await.body;
        assert!(page.contains("this person has changed in the meantime"), "{path}: {page}");
    }
    assert_eq!(everybody(&world).await, before);
}

/// Between the look at the person and the change, which only the core API can notice.
#[tokio::test]
async fn of_two_changes_at_once_the_second_changes_nothing() {
    let world = World::new().await;
    let victim = register(&world, "b@test.com").await;
    let (one, two) = (world.administrator().await, world.administrator().await);
    let send = async |mut browser: Browser, held: bool| {
        let form = format!("{}&role=ADMIN&held={held}", form(&victim));
        scripted(&mut browser, "/api/set-role", &form).await.status
    };
    let mut statuses = [0; 2];
    [statuses[0], statuses[1]] = tokio::join!(send(one, true), send(two, true)).into();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(person(&world, "b@test.com").await["roles"], json!(["ADMIN"]));
}

#[tokio::test]
async fn a_change_needs_a_recent_sign_in_and_comes_back_to_the_person() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let victim = register(&world, "b@test.com").await;
    let before = everybody(&world).await;
    world.advance(Duration::from_mins(16));
    assert_eq!(
        listed(&mut administrator, "?q=b%40").await.matches("b@test.com").count(),
        1,
        "to look is no change"
    );
    for (path, fields, page) in [
        ("/api/set-role", "&role=ADMIN&held=true", page_of(&victim)),
        ("/api/resend-verification-of", "", page_of(&victim)),
        ("/api/delete-person", "", format!("{}/delete", page_of(&victim))),
    ] {
        let form = format!("{}{fields}&return_to=/admin/people?q=b", form(&victim));
        let answer = administrator.post(path, &form).await;
        let back = format!("/confirm?return_to={page}?return_to=/admin/people?q=b");
        assert_eq!((answer.status, answer.location()), (303, &*back), "{path}");
    }
    assert_eq!(everybody(&world).await, before);
    let form = format!("password=password1&return_to={}/delete", page_of(&victim));
    let answer = administrator.post("/api/confirm-password", &form).await;
    assert_eq!(answer.location(), format!("{}/delete", page_of(&victim)));
    assert_eq!(administrator.post("/api/delete-person", &self::form(&victim)).await.location(), LIST);
    assert_eq!(find(&world, "b@test.com").await, None);
}

#[tokio::test]
async fn the_verification_is_sent_again_to_the_address_that_waits_until_it_has_had_enough() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let waiting = register(&world, "b@test.com").await;
    let page = administrator.get(&page_of(&waiting)).await.body;
    assert!(page.contains("Not verified") && page.contains("Waiting to be verified: b@test.com"), "{page}");
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap().len();
    let answer = administrator.post("/api/resend-verification-of", &form(&waiting)).await;
    assert_eq!(answer.location(), page_of(&waiting));
    assert!(administrator.get(&page_of(&waiting)).await.body.contains("Verification email sent"));
    world.core_api.settled().await;
    let sent = world.core_api.outbox().await.unwrap();
    assert_eq!((sent.len(), &*sent[0].message.to), (mails + 1, "b@test.com"));
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let form = form(&person(&world, "b@test.com").await);
        statuses.push(scripted(&mut administrator, "/api/resend-verification-of", &form).await.status);
    }
    assert!(statuses.starts_with(&[200]) && statuses.ends_with(&[429]), "{statuses:?}");
    let verified = person(&world, "user@test.com").await;
    let answer = scripted(&mut administrator, "/api/resend-verification-of", &form(&verified)).await;
    assert!(matches!(answer.status, 409 | 429), "{}", answer.body);
}

#[tokio::test]
async fn a_verified_person_gets_no_mail() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let verified = person(&world, "user@test.com").await;
    assert!(!administrator.get(&page_of(&verified)).await.body.contains("/api/resend-verification-of"));
    let answer = scripted(&mut administrator, "/api/resend-verification-of", &form(&verified)).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.body.starts_with(r#"{"code":"nothing_to_verify","#), "{}", answer.body);
}

#[tokio::test]
async fn many_changes_in_a_short_time_have_to_wait() {
    let world = World::with(&[("RATE_LIMIT_STRICT", "3/15m")]).await;
    let mut administrator = world.administrator().await;
    let somebody = register(&world, "b@test.com").await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let form = format!("{}&role=ROOT&held=true", form(&somebody));
        statuses.push(scripted(&mut administrator, "/api/set-role", &form).await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 429, 429]);
    assert_eq!(administrator.get(LIST).await.status, 200);
}

#[tokio::test]
async fn a_form_that_another_administrator_left_open_does_nothing() {
    let world = World::new().await;
    let victim = register(&world, "b@test.com").await;
    register(&world, "second@test.com").await;
    change(&world, "second@test.com", &json!({ "roles": ["ADMIN"] })).await;
    let mut browser = world.administrator().await;
    let page = browser.get(&page_of(&victim)).await.body;
    let (_, rest) = page.split_once(r#"name="page_of" value=""#).unwrap();
    let page_of_first = rest.split_once('"').unwrap().0.to_owned();
    browser.post("/api/sign-out", "").await;
    browser.sign_in("second@test.com", "password1").await;
    let before = everybody(&world).await;
    let form = format!("{}&page_of={page_of_first}", form(&victim));
    let answer = scripted(&mut browser, "/api/delete-person", &form).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.body.starts_with(r#"{"code":"other_person","#), "{}", answer.body);
    assert_eq!(everybody(&world).await, before);
}

#[tokio::test]
async fn while_the_core_api_is_down_the_pages_say_so_and_forms_come_back() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let victim = register(&world, "b@test.com").await;
    world.network.cut();
    assert_eq!(administrator.get(LIST).await.status, 503);
    let answer = administrator.post("/api/delete-person", &form(&victim)).await;
    assert_eq!((answer.status, answer.location()), (303, &*format!("{}/delete", page_of(&victim))));
    world.network.heal();
    assert_eq!(administrator.get(&page_of(&victim)).await.status, 200, "they are still signed in");
}
