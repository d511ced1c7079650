//! A new migration needs a new build, because `sqlx::migrate!` embeds the SQL files.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
