use super::*;

#[test]
fn routes_are_read_and_shown_with_every_option() {
    let config =
        load(&[("PROXY_ROUTES", "/api/orders/=https://orders.internal/v2/; /api/=http://127.0.0.1:8080/")])
            .unwrap();
    assert_eq!(config.proxy_routes.iter().count(), 2);
    let shown = "PROXY_ROUTES=/api/orders/=https://orders.internal/v2/ methods=GET,HEAD,OPTIONS,POST,PUT,PATCH,DELETE \
                 who=signed-in body=10485760 timeout=30000ms token=yes pages=no http2=no upgrade=none; /api/=http://127.0.0.1:8080/ ";
    assert!(config.describe().contains(shown), "{}", config.describe());
}

#[test]
fn every_route_that_cannot_be_used_is_named_with_what_to_write() {
    let text = problems(&[(
        "PROXY_ROUTES",
        "/api=https://a/; /b/=https://b/ who=admin; /c/=ftp://c/; /d/=http://d/; /d/=http://e/",
    )]);
    for said in [
        "PROXY_ROUTES cannot be used: `/api=https://a/`: the path `/api` needs a slash at its end: `/api/`",
        "`/b/=https://b/ who=admin`: `who=admin` is none of anyone, guest, signed-in and role:NAME",
        "`/c/=ftp://c/`: the address is neither http nor https: it is written as `https://api.internal/v2/`",
        "two routes begin with `/d/`",
    ] {
        assert!(text.contains(said), "{said} is not in: {text}");
    }
}

#[test]
fn a_route_leads_to_another_program() {
    for (address, listen) in
        [("http://127.0.0.1:3000/", "127.0.0.1:3000"), ("http://127.0.0.1:4000/", "127.0.0.1:4000")]
    {
        let route = format!("/api/={address}");
        let text = problems(&[("PROXY_ROUTES", &route), ("LISTEN_ADDR", listen)]);
        assert!(
            text.contains("forwards /api/ to") && text.contains("write the address of the API"),
            "{text}"
        );
    }
}

#[test]
fn a_token_in_clear_on_the_way_to_another_machine_is_doubtful() {
    let doubts = |routes: &str| load(&[("PROXY_ROUTES", routes)]).unwrap().doubtful_values().join("\n");
    assert!(
        doubts("/api/=http://orders.internal/").contains("PROXY_ROUTES sends tokens for /api/ over http://")
    );
    for routes in [
        "/api/=https://orders.internal/",
        "/api/=http://127.0.0.1:8080/",
        "/n/=http://news.internal/ token=no",
    ] {
        assert_eq!(doubts(routes), "", "{routes}");
    }
}

#[test]
fn streams_may_not_take_every_connection() {
    let routes = ("PROXY_ROUTES", "/api/=http://127.0.0.1:8080/");
    let text = problems(&[routes, ("MAX_CONNECTIONS", "100"), ("PROXY_MAX_STREAMS", "100")]);
    assert!(text.contains("PROXY_MAX_STREAMS is 100, and MAX_CONNECTIONS is 100"), "{text}");
    let config = load(&[routes, ("MAX_CONNECTIONS", "100")]).unwrap();
    assert_eq!(config.proxy_streams.in_total, 50);
}

#[test]
fn guests_are_let_in_only_where_there_are_guests() {
    let text = problems(&[("PROXY_ROUTES", "/api/=https://api.internal/ who=guest")]);
    assert!(text.contains("lets guests in at /api/, and core-api has no guests"), "{text}");
}

#[test]
fn a_token_goes_only_where_the_provider_gives_one_and_never_to_the_auth_server() {
    let with = |api: &str, routes: &str| {
        let auth = [("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", "https://a.example/api/auth")];
        let set = [("CORE_API_URL", api), ("PROXY_ROUTES", routes)];
        let set = set.into_iter().filter(|(_, value)| !value.is_empty());
        let variables: Vec<_> = auth.into_iter().chain(set).collect();
        load(&variables).map_or_else(|problems| problems.to_string(), |_| String::new())
    };
    let (only, auth) = ("to the origin of CORE_API_URL only", "the auth server is there");
    for (api, address, said) in [
        ("https://b.example/v1", "https://b.example/v1/", ""),
        ("https://b.example/v1", "https://b.example/v2/", ""),
        ("https://b.example/v1", "https://c.example/v1/", only),
        ("https://b.example/v1", "https://b.example:444/v1/", only),
        ("", "https://b.example/v1/", only),
        ("https://b.example/v1", "https://a.example/api/auth/", auth),
        ("https://b.example/v1", "https://a.example/api/auth/admin/", auth),
        ("https://a.example/api", "https://a.example/api/", auth),
        ("https://a.example/api", "https://a.example/", auth),
        ("https://a.example/api", "https://a.example/api/orders/", ""),
        ("https://a.example/api", "https://a.example/api/authors/", ""),
        ("https://a.example/api/auth/v1", "https://a.example/api/auth/v1/", ""),
        ("https://a.example/api/auth/v1", "https://a.example/api/auth/v2/", auth),
    ] {
        let text = with(api, &format!("/api/app/={address}"));
        let is_as_said = if said.is_empty() { text.is_empty() } else { text.contains(said) };
        assert!(is_as_said, "{api} {address}: {text}");
        assert_eq!(with(api, &format!("/api/app/={address} token=no")), "", "{api} {address}");
    }
}
