//! A new migration is a new build: the SQL files are embedded by `sqlx::migrate!`.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
