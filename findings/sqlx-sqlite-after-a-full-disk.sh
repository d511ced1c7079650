#!/usr/bin/env bash
# sqlx 0.9.0 with SQLite 3 (bundled), run with Rust 1.95.
#
# When a statement inside a transaction finds no space (SQLITE_FULL), SQLite rolls back the whole transaction itself. sqlx still counts it
# as open: SQLite answers the ROLLBACK with an error, and after the error the count of open transactions stays at one. The pool accepts the
# connection as healthy. From then on, even with free space:
#
# - `begin_with("BEGIN IMMEDIATE")` is refused as long as the connection lives. The client refuses it without asking SQLite.
# - `begin()` works as a savepoint without an outer transaction, which is a deferred transaction, whatever the caller expects.
# - Statements without a transaction work, so a health check that reads or writes one row notices nothing.
#
# A pool with one writing connection, which is usual for SQLite, stays in this state until the process is restarted. Workaround: after an
# error inside a transaction, compare with SQLite (`sqlite3_get_autocommit`) or close the connection (`PoolConnection::close`).
#
# `PRAGMA max_page_count` simulates the full disk. It causes the same error code.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "full-disk"
version = "0.0.0"
edition = "2024"

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "=1.48.0", features = ["macros", "rt"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

fn said<T>(result: Result<T, sqlx::Error>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "ok".to_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let file = SqliteConnectOptions::new().filename("notes.db").create_if_missing(true).pragma("max_page_count", "40");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(file).await?;
    sqlx::query("CREATE TABLE notes (text)").execute(&pool).await?;

    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let large = sqlx::query("INSERT INTO notes VALUES (zeroblob(1000000))").execute(&mut *transaction).await;
    println!("a row that finds no room: {}", said(large));
    println!("rollback: {}", said(transaction.rollback().await));

    for _ in 0..2 {
        println!("begin immediate: {}", said(pool.begin_with("BEGIN IMMEDIATE").await));
    }
    let mut savepoint = pool.begin().await?;
    let small = sqlx::query("INSERT INTO notes VALUES ('kept')").execute(&mut *savepoint).await;
    println!("a row after begin: {}, {}", said(small), said(savepoint.commit().await));
    println!("a row alone: {}", said(sqlx::query("INSERT INTO notes VALUES ('kept')").execute(&pool).await));
    println!("begin immediate: {}", said(pool.begin_with("BEGIN IMMEDIATE").await));
    let (rows,): (i64,) = sqlx::query_as("SELECT count(*) FROM notes").fetch_one(&pool).await?;
    println!("rows: {rows}");
    Ok(())
}
RUST

expected='a row that finds no room: error returned from database: (code: 13) database or disk is full
rollback: error returned from database: (code: 1) cannot rollback - no transaction is active
begin immediate: attempted to call begin_with at non-zero transaction depth
begin immediate: attempted to call begin_with at non-zero transaction depth
a row after begin: ok, ok
a row alone: ok
begin immediate: attempted to call begin_with at non-zero transaction depth
rows: 2'
cd "$folder"
seen=$(CARGO_TARGET_DIR="$folder/target" cargo run --quiet)
diff <(echo "$expected") <(echo "$seen")
echo "$seen"
