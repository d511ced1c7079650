//! Odd paths and framings, row by row: `corpus/proxy_paths.tsv` and `corpus/proxy_framings.tsv`. `docs/proxy.md` prints
//! both.

use super::wire::{Door, Upstream};
use crate::world::World;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const PATHS: &str = include_str!("../corpus/proxy_paths.tsv");
const FRAMINGS: &str = include_str!("../corpus/proxy_framings.tsv");
const LINES_OF_EVERY_REQUEST: &str = "Host: 127.0.0.1:3000\r\nConnection: close\r\n";

/// Input, result and, after a second tab, why.
fn rows(table: &'static str) -> impl Iterator<Item = [&'static str; 3]> {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let parts: Vec<_> = row.split('\t').collect();
        parts.try_into().unwrap_or_else(|parts| panic!("{parts:?} are not three"))
    })
}

async fn world(api: &Upstream) -> World {
    let address = api.address;
    let routes = format!("/api/orders/=http://{address}/v2/ who=anyone token=no");
    World::with(&[("PROXY_ROUTES", &routes)]).await
}

/// The bytes that a row means.
fn bytes(row: &str) -> Vec<u8> {
    let row = row.replace("HOST", LINES_OF_EVERY_REQUEST).replace("LONG", &"a".repeat(70_000));
    let row = row.replace("MANY", &(0..150).fold(String::new(), |lines, n| lines + &format!("X-{n}: 1\r\n")));
    let mut bytes = Vec::new();
    let mut rest = row.as_str();
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        let (byte, length) = match escape.as_bytes() {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'\\', ..] => (b'\\', 1),
            [b'x', ..] => (u8::from_str_radix(&escape[1..3], 16).unwrap(), 3),
            _ => panic!("{escape} is no escape"),
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend(rest.as_bytes());
    bytes
}

/// What has arrived, without what every forwarded request has; or the status in its place.
async fn result(api: &Upstream, door: &Door, request: &[u8]) -> String {
    let before = api.seen().len();
    let answer = String::from_utf8_lossy(&door.send(request).await).into_owned();
    let status = answer.split(' ').nth(1).unwrap_or("closed").to_owned();
    match &api.seen()[before..] {
        [] => status,
        [seen] => {
            assert_eq!(status, "200", "{answer}");
            let (head, body) = seen.split_once("\r\n\r\n").unwrap();
            let mut lines = head.lines();
            let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
            let ours = ["host: ", "x-forwarded-for: ", "x-forwarded-host: ", "x-forwarded-proto: "];
            let mut others: Vec<_> =
                lines.filter(|line| !ours.iter().any(|name| line.starts_with(name))).collect();
            others.sort_unstable();
            let body = (!body.is_empty()).then(|| format!("body {}", body.escape_default()));
            let parts = [line].into_iter().chain(others.into_iter().map(str::to_owned)).chain(body);
            parts.collect::<Vec<_>>().join("; ")
        }
        several => panic!("one request became {several:?}"),
    }
}

#[tokio::test]
async fn a_path_is_refused_or_sent_in_its_one_spelling() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let door = Door::of(&world).await;
    let mut others = Vec::new();
    for [target, right, _] in rows(PATHS) {
        let request =
            [b"GET ", &bytes(target)[..], b" HTTP/1.1\r\n", LINES_OF_EVERY_REQUEST.as_bytes(), b"\r\n"];
        let result = result(&api, &door, &request.concat()).await;
        if result.trim_start_matches("GET ") != right {
            others.push(format!("{target}\t{}", result.trim_start_matches("GET ")));
        }
    }
    assert!(others.is_empty(), "other results:\n{}", others.join("\n"));
}

#[tokio::test]
async fn a_request_is_refused_or_is_one_request_for_everybody() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let door = Door::of(&world).await;
    let mut others = Vec::new();
    for [request, right, _] in rows(FRAMINGS) {
        let result = result(&api, &door, &bytes(request)).await;
        if result != right {
            others.push(format!("{request}\t{result}"));
        }
    }
    assert!(others.is_empty(), "other results:\n{}", others.join("\n"));
}

#[test]
fn the_handbook_prints_both_tables() {
    let handbook = include_str!("../../../../docs/proxy.md");
    for [input, result, reason] in rows(PATHS).chain(rows(FRAMINGS)) {
        let cell = |text: &str| text.replace('|', "\\|");
        let row = format!("| `{}` | `{}` | {reason} |", cell(input), cell(result));
        assert!(handbook.lines().any(|line| line == row), "docs/proxy.md lacks {row}");
    }
    assert!(rows(PATHS).count() + rows(FRAMINGS).count() >= 80);
}
