//! An unpacked release: the program, with the site beside it.

use std::fs;
use std::process::Command;

use super::{PROGRAM, Running, free_address};

#[test]
fn the_site_beside_the_program_is_found_from_any_folder() {
    let (release, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = release.path().join("ironleaf");
    fs::copy(PROGRAM, &program).unwrap();
    fs::create_dir_all(release.path().join("site/pkg")).unwrap();
    fs::write(release.path().join("hash.txt"), "css: abc\njs: abc\nwasm: abc\n").unwrap();
    for name in ["site/site.js", "site/passkeys.js"] {
        fs::write(release.path().join(name), "").unwrap();
    }
    for extension in ["css", "js", "wasm"] {
        let name = format!("ironleaf.abc.{extension}");
        fs::write(release.path().join("site/pkg").join(name), format!("/* {extension} */")).unwrap();
    }
    let (address, core_api) = (free_address(), free_address());
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LISTEN_ADDR", address.to_string())
        .env("CORE_API_LISTEN_ADDR", core_api.to_string())
        .env("DATA_DIR", elsewhere.path().join("data"))
        .current_dir(elsewhere.path());
    let running = Running::spawn(command, "core API is on", address);
    let style = running.send("GET /pkg/ironleaf.abc.css", "", "");
    assert!(style.ends_with("/* css */") && style.contains("immutable"), "{style}");
}
