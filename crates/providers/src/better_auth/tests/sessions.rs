use ironleaf_auth::AccountError;

use super::*;

fn entries() -> Value {
    let entry = |id: &str, token: &str| {
        json!({
            "id": id, "token": token, "userId": "u1", "createdAt": "2026-11-28T10:00:00.000Z",
            "updatedAt": "2026-11-29T11:12:13.456Z",
            "expiresAt": "2026-12-05T10:00:00.000Z", "ipAddress": "203.0.113.7", "userAgent": null,
        })
    };
    json!([entry("s1", "tokenOfTheSession"), entry("s2", "tokenOfTheSess"), { "id": "s3" }])
}

#[tokio::test]
async fn a_person_sees_their_sessions_and_nobody_sees_a_token() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/list-sessions", [answer(200, &entries())]);
    let sessions = world.provider.sessions(&calls, &calls.grant).await.unwrap();
    let seen: Vec<_> = sessions.iter().map(|session| (session.id.as_str(), session.is_current)).collect();
    assert_eq!(seen, [("s1", true), ("s2", false)]);
    assert_eq!(sessions[0].ip_address.as_deref(), Some("203.0.113.7"));
    assert_eq!(sessions[0].created_at.as_deref(), Some("2026-11-28T10:00:00.000Z"));
    assert!(!format!("{sessions:?}").contains("tokenOf"));
}

#[tokio::test]
async fn one_the_others_or_all_of_them_end() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/list-sessions", [answer(200, &entries())]);
    for path in ["/revoke-session", "/revoke-other-sessions", "/revoke-sessions"] {
        world.answers(path, [answer(200, &json!({ "status": true }))]);
    }
    let sessions = world.provider.sessions(&calls, &calls.grant).await.unwrap();
    world.provider.end_session(&calls, &sessions[1]).await.unwrap();
    world.provider.end_other_sessions(&calls).await.unwrap();
    world.provider.end_all_sessions(&calls).await.unwrap();
    let asked = world.take_requests();
    let sent: Vec<_> =
        asked[1..].iter().map(|request| (request.uri().path(), request.body().as_ref())).collect();
    assert_eq!(
        sent,
        [
            ("/api/auth/revoke-session", br#"{"token":"tokenOfTheSess"}"#.as_slice()),
            ("/api/auth/revoke-other-sessions", b"{}"),
            ("/api/auth/revoke-sessions", b"{}"),
        ]
    );
    assert!(asked.iter().all(|request| header(request, "origin") == Some(ORIGIN)));
}

#[tokio::test]
async fn a_sign_in_of_yesterday_is_not_the_end_of_the_session() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    world.answers("/list-sessions", [error(403, "SESSION_NOT_FRESH"), throttled(), text(502, "<html>")]);
    let mut listed = Vec::new();
    for _ in 0..3 {
        listed.push(world.provider.sessions(&calls, &calls.grant).await.unwrap_err());
    }
    let after_nine = Some(Duration::from_secs(9));
    assert_eq!(
        listed[..2],
        [AccountError::NotRecent, AccountError::TooManyRequests { retry_after: after_nine }]
    );
    assert!(matches!(listed[2], AccountError::Unavailable(_)));
}

#[tokio::test]
async fn the_list_of_the_auth_server_is_that_of_the_page() {
    let world = World::new();
    let calls = Calls { grant: world.grant().await, world: &world };
    let own = world.provider.own_sessions().unwrap();
    let list = || answer(200, &entries());
    world.answers("/list-sessions", [list(), list(), list()]);
    for path in ["/revoke-session", "/revoke-other-sessions"] {
        world.answers(path, [answer(200, &json!({ "status": true }))]);
    }
    let listed = own.list(&calls, &calls.grant).await.unwrap();
    let mark = own.mark(&calls.grant).unwrap();
    assert_eq!(listed.iter().map(|session| session.mark == mark).collect::<Vec<_>>(), [true, false]);
    let at = |secs| Some(UNIX_EPOCH + Duration::from_secs(secs));
    assert_eq!((listed[0].created_at, listed[0].last_seen), (at(1_795_860_000), at(1_795_950_733)));
    assert!(!format!("{listed:?}{mark}").contains("tokenOf"));
    assert!(own.end(&calls, &calls.grant, &listed[1].mark).await.unwrap());
    assert!(!own.end(&calls, &calls.grant, "tokenOfTheSess").await.unwrap());
    own.end_others(&calls).await.unwrap();
    let asked = world.take_requests();
    let ended: Vec<_> = asked.iter().filter(|request| request.uri().path().contains("revoke")).collect();
    assert_eq!(ended[0].body().as_ref(), br#"{"token":"tokenOfTheSess"}"#);
    assert_eq!((ended.len(), ended[1].uri().path()), (2, "/api/auth/revoke-other-sessions"));
}
