use server::assets::BuiltSite;

use crate::world::World;

#[tokio::test]
async fn hashed_assets_are_kept_for_a_year_and_others_are_asked_for_again() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/login").await.body;
    for path in ["/pkg/ironleaf.abc123.css", "/pkg/ironleaf.abc123.js", "/pkg/ironleaf.abc123.wasm"] {
        assert!(page.contains(path), "{path} is not in the page");
        let answer = browser.get(path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{path}"
        );
    }
    let script = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = browser.get(script).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "public, max-age=31536000, immutable"),
        "{script}"
    );
    assert!(answer.header("content-type").starts_with("text/javascript"));
    assert_eq!(browser.get("/site.js").await.status, 404, "under one name only");
    for path in ["/favicon.svg", "/img/logo.svg"] {
        assert_eq!(browser.get(path).await.header("cache-control"), "public, max-age=3600", "{path}");
    }
    assert_eq!(
        browser.get("/ironleaf.js").await.header("cache-control"),
        "no-cache",
        "it has no hash in its name"
    );
    assert_eq!(browser.get("/ironleaf.d.ts").await.status, 404, "types are for compilers");
    assert!(!browser.get("/pkg/gone.js").await.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn assets_pass_by_the_session() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = browser.get("/favicon.svg").await;
    assert!(answer.headers.get("set-cookie").is_none());
    assert!(!answer.header("cache-control").contains("no-store"));
}

#[test]
fn a_site_of_another_build_is_refused_by_the_name_of_the_file_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    std::fs::create_dir_all(root.join("pkg")).unwrap();
    for extension in ["css", "js", "wasm"] {
        std::fs::write(root.join(format!("pkg/ironleaf.new.{extension}")), "").unwrap();
    }
    for (hashes, missing) in [
        ("", "pkg/ironleaf.css"),
        ("css: new\njs: old\nwasm: new\n", "pkg/ironleaf.old.js"),
        ("css: new\njs: new\nwasm: new\n", "site.js"),
    ] {
        let refused = BuiltSite::open_with(root.clone(), hashes).unwrap_err().to_string();
        assert!(refused.contains(missing) && refused.contains("hash.txt"), "{refused}");
    }
}

#[test]
fn the_hashes_are_beside_the_program_or_else_beside_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let (root, program) = (folder.path().join("target/site"), folder.path().join("own"));
    for folder in [&root.join("pkg"), &program] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for name in ["site.js", "passkeys.js"] {
        std::fs::write(root.join(name), "").unwrap();
    }
    for name in ["abc.css", "abc.js", "abc.wasm"] {
        std::fs::write(root.join("pkg").join(format!("ironleaf.{name}")), "").unwrap();
    }
    let places = [program.join("hash.txt"), folder.path().join("target/hash.txt")];
    let refused = BuiltSite::open_from(root.clone(), Some(&program)).unwrap_err().to_string();
    for place in &places {
        assert!(refused.contains(&place.display().to_string()), "{refused}");
    }
    for place in places {
        std::fs::write(&place, "css: abc\njs: abc\nwasm: abc\n").unwrap();
        let site = BuiltSite::open_from(root.clone(), Some(&program)).unwrap();
        assert_eq!(site.assets.style, "/pkg/ironleaf.abc.css");
        std::fs::remove_file(place).unwrap();
    }
}

/// As after `cargo xtask build` and then `cargo leptos build --release`, which clears nothing away.
#[test]
fn a_later_build_without_hashes_is_served_and_not_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    std::fs::create_dir_all(root.join("pkg")).unwrap();
    for name in ["site.js", "passkeys.js"] {
        std::fs::write(root.join(name), "").unwrap();
    }
    let hashes = "css: abc\njs: abc\nwasm: abc\n";
    for name in ["abc.css", "abc.js", "abc.wasm"] {
        std::fs::write(root.join("pkg").join(format!("ironleaf.{name}")), "").unwrap();
    }
    let before = BuiltSite::open_with(root.clone(), hashes).unwrap();
    assert_eq!(before.assets.style, "/pkg/ironleaf.abc.css");
    for name in ["css", "js", "wasm"] {
        std::fs::write(root.join("pkg").join(format!("ironleaf.{name}")), "").unwrap();
    }
    let later = BuiltSite::open_with(root, hashes).unwrap();
    assert_eq!(later.assets.style, "/pkg/ironleaf.css");
    assert_eq!(later.assets.islands_js, "/pkg/ironleaf.js");
    assert_eq!(later.assets.islands_wasm, "/pkg/ironleaf.wasm");
}

/// A name that the file system refuses is not found. It is not an error.
#[tokio::test]
async fn no_name_of_a_static_file_is_a_500() {
    let world = World::new().await;
    let mut browser = world.browser();
    let long = "a".repeat(300);
    for path in [
        format!("/pkg/{long}"),
        format!("/pkg/{long}.css"),
        format!("/pkg/{}", "a/".repeat(3000)),
        format!("/pkg/{}", "%C3%A9".repeat(200)),
        "/pkg/ironleaf.abc123.css/below".to_owned(),
        "/pkg/ironleaf.abc123.css/".to_owned(),
        "/pkg/%00".to_owned(),
        "/pkg/ironleaf.abc123.css%00".to_owned(),
        "/pkg/%ff".to_owned(),
        "/pkg/%".to_owned(),
        "/pkg/..%2f..%2fCargo.toml".to_owned(),
        "/pkg/../Cargo.toml".to_owned(),
        "/pkg/..".to_owned(),
        "/pkg/".to_owned(),
        "/pkg".to_owned(),
        "/pkg/con:aux".to_owned(),
        format!("/favicon.svg/{long}"),
        format!("/{long}"),
    ] {
        assert_eq!(browser.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_file_comes_whole_where_a_piece_of_it_would_be_a_mistake() {
    let world = World::new().await;
    let path = "/pkg/ironleaf.abc123.css";
    let mut browser = world.browser();
    let whole = browser.get(path).await;
    let modified = whole.header("last-modified").to_owned();
    for (range, if_range, status) in [
        ("bytes=0-1", None, 206),
        ("bytes=0-1,4-5", None, 200),
        ("bytes=0-1", Some("\"another\""), 200),
        ("bytes=0-1", Some("Sun, 06 Nov 1994 08:49:37 GMT"), 200),
        ("bytes=0-1", Some(modified.as_str()), 200),
        ("bytes=900-901", None, 416),
    ] {
        let mut browser = world.browser();
        browser.headers.insert("range", range.to_owned());
        if let Some(if_range) = if_range {
            browser.headers.insert("if-range", if_range.to_owned());
        }
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{range} {if_range:?}");
        assert_eq!(answer.body == whole.body, status == 200, "{range} {if_range:?}");
    }
}

#[tokio::test]
async fn what_was_not_modified_varies_as_the_file_does() {
    let world = World::new().await;
    for path in ["/pkg/ironleaf.abc123.css", "/favicon.svg"] {
        let mut browser = world.browser();
        let whole = browser.get(path).await;
        browser.headers.insert("if-modified-since", whole.header("last-modified").to_owned());
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("vary")), (304, "accept-encoding"), "{path}");
    }
}
