//! Fields under a name or a path with dots.

use serde_json::{Map, Value};

/// The value under this path. A name that itself has dots is found, too.
pub(super) fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.rmatch_indices('.').find_map(|(dot, _)| find(value.get(&path[..dot])?, &path[dot + 1..]))
}

/// Puts a value under this path. Each part of the path is an object.
pub(super) fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A name, or a number used as a name.
pub(super) fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(name) if !name.is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_name_or_by_a_path() {
        let value = json!({ "id": 1, "user": { "id": 2, "a.b": { "c": 3 } }, "x.y": 4 });
        for (path, expected) in [
            ("id", Some(1)),
            ("user.id", Some(2)),
            ("user.a.b.c", Some(3)),
            ("x.y", Some(4)),
            ("user.name", None),
            ("id.id", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(find(&value, path).and_then(Value::as_u64), expected, "{path}");
        }
    }

    #[test]
    fn two_paths_share_their_beginning() {
        let mut body = Map::new();
        put(&mut body, "user.email", json!("a"));
        put(&mut body, "user.password", json!("b"));
        put(&mut body, "user.password.more", json!("lost: its place is taken"));
        assert_eq!(Value::Object(body), json!({ "user": { "email": "a", "password": "b" } }));
    }
}
