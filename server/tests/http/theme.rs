use crate::world::World;

#[tokio::test]
async fn is_remembered_and_rendered_by_the_server() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (theme, class) in [("dark", r#"class="dark""#), ("light", r#"class="light""#)] {
        let answer = browser.post("/api/set-theme", &format!("theme={theme}&return_to=/login")).await;
        assert_eq!((answer.status, answer.location()), (303, "/login"));
        let page = browser.get("/login").await;
        let html = page.body.split("<head>").next().unwrap();
        assert!(html.contains(class), "{html}");
    }
    browser.post("/api/set-theme", "theme=system").await;
    let page = browser.get("/").await;
    let html = page.body.split("<head>").next().unwrap();
    assert!(!html.contains("dark") && !html.contains("light"), "{html}");
    assert!(!browser.cookies.contains_key("ironleaf-theme"));
}

#[tokio::test]
async fn that_is_none_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(browser.post("/api/set-theme", "theme=%22%3E%3Cscript%3E").await.status, 400);
    browser.cookies.insert("ironleaf-theme".to_owned(), "dark\"onload=x".to_owned());
    assert!(!browser.get("/").await.body.contains("onload"));
}
