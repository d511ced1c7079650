//! The roles of a person, wherever a provider puts them.

use ironleaf_auth::Role;
use serde_json::{Map, Value};

/// How many roles are kept. They are in the session cookie.
const MOST_ROLES: usize = 64;
/// How long the name of a role may be.
const LONGEST_ROLE_BYTES: usize = 128;
/// How many bytes all names together may have.
const MOST_BYTES: usize = 1536;

/// The roles under this name or path. `None` if the claims say nothing about it, which is different from no roles.
///
/// The value may be a list of names, one name, or an object whose keys are the names (Zitadel).
pub(crate) fn read(claims: &Map<String, Value>, path: &str) -> Option<Vec<Role>> {
    let names: Vec<String> = match find(claims, path)? {
        Value::Null => return None,
        Value::Array(names) => names.iter().filter_map(name).collect(),
        Value::Object(names) => names.keys().cloned().collect(),
        single => name(single).into_iter().collect(),
    };
    Some(within_bounds(names))
}

/// The value under this path. The whole text may be one name, such as `https://example.com/roles`; so may each part of
/// it, such as a client identifier with dots. Longer names are tried first.
pub(crate) fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    path.rmatch_indices('.')
        .find_map(|(dot, _)| find(claims.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
}

fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Each name once, as far as a session keeps them.
pub(crate) fn within_bounds(names: Vec<String>) -> Vec<Role> {
    let (mut roles, mut bytes, mut left_out) = (Vec::new(), 0, 0_usize);
    for name in names {
        let role = Role::new(name);
        let len = role.name().len();
        if len == 0 || roles.contains(&role) {
            continue;
        }
        if len > LONGEST_ROLE_BYTES || bytes + len > MOST_BYTES || roles.len() == MOST_ROLES {
            left_out += 1;
            continue;
        }
        bytes += len;
        roles.push(role);
    }
    if left_out > 0 {
        tracing::warn!(
            left_out,
            "a person has more roles than a session keeps: let the provider send only those of this application"
        );
    }
    roles
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(claims: &Value, path: &str) -> Option<Vec<String>> {
        let roles = read(claims.as_object().unwrap(), path)?;
        Some(roles.iter().map(|role| role.name().to_owned()).collect())
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_a_path() {
        let claims = json!({
            "groups": ["a", "b"],
            "realm_access": { "roles": ["c"] },
            "https://example.com/roles": ["d"],
            "resource_access": { "my.app": { "roles": ["e"] } },
            "realm_access.roles.none": "f",
        });
        for (path, expected) in [
            ("groups", &["a", "b"][..]),
            ("realm_access.roles", &["c"]),
            ("https://example.com/roles", &["d"]),
            ("resource_access.my.app.roles", &["e"]),
            ("realm_access.roles.none", &["f"]),
        ] {
            assert_eq!(roles(&claims, path).unwrap(), expected, "{path}");
        }
        for absent in ["roles", "realm_access.groups", "groups.0", "", ".", "resource_access.my", "a..b"] {
            assert_eq!(roles(&claims, absent).filter(|roles| *roles != ["my.app"]), None, "{absent}");
        }
    }

    #[test]
    fn names_come_in_several_forms() {
        for (value, expected) in [
            (json!("admin"), &["admin"][..]),
            (json!(["admin", 7, "", "admin", null, {}, "x"]), &["admin", "7", "x"]),
            (json!({ "admin": { "1": "a.test" }, "x": {} }), &["admin", "x"]),
            (json!([]), &[]),
            (json!(true), &[]),
        ] {
            assert_eq!(roles(&json!({ "r": value }), "r").unwrap(), expected, "{value}");
        }
        assert_eq!(roles(&json!({ "r": null }), "r"), None);
    }

    #[test]
    fn a_thousand_roles_do_not_fill_the_cookie() {
        let many: Vec<String> = (0..1000).map(|index| format!("{index:030}")).collect();
        let kept = roles(&json!({ "r": many }), "r").unwrap();
        assert!(kept.iter().map(String::len).sum::<usize>() <= MOST_BYTES && kept.len() <= MOST_ROLES);
        let kept = roles(&json!({ "r": ["x".repeat(129), "admin"] }), "r").unwrap();
        assert_eq!(kept, ["admin"]);
    }
}
