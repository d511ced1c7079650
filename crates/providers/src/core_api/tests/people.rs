use http::header::IF_MATCH;
use ironleaf_auth::{
    AccountError, KnownRole, People as _, PeopleListing, PeopleOrder, Person, PersonChange, Role,
};

use super::accounts::Calls;
use super::*;

const CREATED: &str = "2026-11-21T11:08:52.360Z";
const UPDATED: &str = "2026-11-22T00:00:00.001Z";

fn record(id: &str, roles: &Value) -> Value {
    let email = format!("{id}@test.com");
    json!({ "id": id, "email": email, "roles": roles, "createdAt": CREATED, "updatedAt": UPDATED })
}

fn listed(records: &Value, total: u64) -> Answer {
    let pagination = json!({ "page": 1, "perPage": 20, "totalItems": total });
    answer(200, &json!({ "items": records, "meta": { "pagination": pagination } }))
}

async fn known() -> Person {
    let (provider, script) = scripted([answer(200, &json!({ "item": record("u1", &json!(["ADMIN"])) }))]);
    provider.person(&Calls(script), "u1").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_listing_is_asked_for_in_the_words_of_the_contract() {
    let listing = PeopleListing {
        search: Some("a&b@x".to_owned()),
        role: Some("ADMIN".to_owned()),
        order: PeopleOrder::Email,
        page: 3,
        per_page: 20,
    };
    for (listing, expected) in [
        (listing, "page=3&perPage=20&orderBy=email&order=ASC&q=a%26b%40x&role=ADMIN"),
        (PeopleListing::default(), "page=1&perPage=1&orderBy=createdAt&order=DESC"),
        (
            PeopleListing { order: PeopleOrder::LastChanged, per_page: 1000, ..PeopleListing::default() },
            "page=1&perPage=100&orderBy=updatedAt&order=DESC",
        ),
    ] {
        let (provider, script) = scripted([listed(&json!([]), 0)]);
        let page = provider.list(&Calls(Arc::clone(&script)), &listing).await.unwrap();
        assert_eq!((page.people.len(), page.total), (0, 0));
        assert_eq!(
            script.each(|request| request.uri().to_string()),
            [format!("http://core.test/v1/user/users?{expected}")]
        );
    }
}

#[tokio::test]
async fn people_are_read_with_their_times_and_their_version() {
    let records =
        json!([record("u1", &json!(["ADMIN", "EDITOR"])), { "id": 7, "email": "b@test.com", "roles": null }]);
    let (provider, script) = scripted([listed(&records, 41)]);
    let page = provider.list(&Calls(script), &PeopleListing::default()).await.unwrap();
    assert_eq!(page.total, 41);
    let [first, second] = &page.people[..] else { panic!("{page:?}") };
    assert_eq!(first.user.roles, [Role::new("ADMIN"), Role::new("EDITOR")]);
    let millis = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert_eq!(first.created_at.map(millis), Some(1_795_259_332_360));
    assert_eq!(first.version, UPDATED);
    assert_eq!((second.user.id.as_str(), second.created_at, second.version.as_str()), ("7", None, ""));
}

#[tokio::test]
async fn an_answer_without_the_form_of_a_list_is_none() {
    for answer in [text(200, "{}"), answer(200, &json!({ "items": [] })), text(500, "<html>"), lost()] {
        let (provider, script) = scripted([answer]);
        let failed = provider.list(&Calls(script), &PeopleListing::default()).await.unwrap_err();
        assert!(matches!(failed, AccountError::Unavailable(_)), "{failed:?}");
    }
    let (provider, script) = scripted([error(403, "Forbidden")]);
    let refused = provider.list(&Calls(script), &PeopleListing::default()).await.unwrap_err();
    assert_eq!(refused, AccountError::Forbidden);
}

#[tokio::test]
async fn nobody_is_found_by_an_identifier_that_the_api_does_not_know() {
    for answer in [error(404, "Not Found"), error(400, "Validation failed")] {
        let (provider, script) = scripted([answer]);
        assert_eq!(provider.person(&Calls(script), "x").await, Ok(None));
    }
    let (provider, script) = scripted([text(404, "<html>")]);
    let failed = provider.person(&Calls(script), "x").await.unwrap_err();
    assert!(matches!(failed, AccountError::Unavailable(_)), "a proxy says nothing about people");
}

#[tokio::test]
async fn a_change_says_which_version_it_is_meant_for() {
    let person = known().await;
    let (provider, script) = scripted([user("u1@test.com", None), user("u1@test.com", None), text(204, "")]);
    let calls = Calls(Arc::clone(&script));
    let roles = [Role::new("VERIFIED_USER")];
    assert_eq!(provider.set_roles(&calls, &person, &roles).await, Ok(PersonChange::Done));
    let email = address("new@test.com");
    assert_eq!(provider.send_verification(&calls, &person, &email).await, Ok(PersonChange::Done));
    assert_eq!(provider.delete_person(&calls, &person).await, Ok(PersonChange::Done));
    let expected = [
        ("PATCH /v1/user/users/u1", json!({ "roles": ["VERIFIED_USER"] })),
        ("PATCH /v1/user/users/u1", json!({ "email": "new@test.com" })),
        ("DELETE /v1/user/users/u1", Value::Null),
    ];
    assert_eq!(script.asked(), expected.map(|(line, body)| (line.to_owned(), body)));
    let seen = script.each(|request| request.headers()[IF_MATCH].to_str().unwrap().to_owned());
    assert_eq!(seen, [(); 3].map(|()| format!("\"{UPDATED}\"")));
}

#[tokio::test]
async fn a_refused_change_says_why() {
    let person = known().await;
    for (answer, expected) in [
        (error(412, "The person has changed"), Ok(PersonChange::Outdated)),
        (error(404, "Not Found"), Ok(PersonChange::Gone)),
        (error(403, "Forbidden"), Err(AccountError::Forbidden)),
        (throttled(), Err(AccountError::TooManyRequests { retry_after: Some(Duration::from_secs(30)) })),
    ] {
        let (provider, script) = scripted([answer]);
        assert_eq!(provider.delete_person(&Calls(script), &person).await, expected);
    }
}

#[test]
fn verification_is_not_given_by_hand() {
    let (provider, _) = scripted([]);
    let given: Vec<_> = provider.roles().iter().filter(|KnownRole { is_given, .. }| *is_given).collect();
    assert_eq!(given.iter().map(|role| role.name).collect::<Vec<_>>(), ["ADMIN"]);
}
