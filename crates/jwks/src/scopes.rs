//! The scopes of an access token.

use serde_json::{Map, Value};

/// The scopes in `scope` (RFC 9068 section 2.2.3) and `scp` (Entra ID, Okta), each of which may be a text with spaces
/// or an array.
pub(crate) fn read(claims: &Map<String, Value>) -> Vec<String> {
    let mut scopes = Vec::new();
    for claim in ["scope", "scp"].into_iter().filter_map(|name| claims.get(name)) {
        match claim {
            Value::String(text) => add(&mut scopes, text),
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).for_each(|text| add(&mut scopes, text));
            }
            _ => {}
        }
    }
    scopes
}

fn add(scopes: &mut Vec<String>, text: &str) {
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Vec<String> {
        read(claims.as_object().unwrap())
    }

    #[test]
    fn scopes_are_read_from_text_and_from_arrays() {
        assert_eq!(of(&json!({ "scope": "read  write" })), ["read", "write"]);
        assert_eq!(of(&json!({ "scope": ["read", "write"] })), ["read", "write"]);
        assert_eq!(of(&json!({ "scp": "read" })), ["read"]);
        assert_eq!(of(&json!({ "scp": ["read"], "scope": "read write" })), ["read", "write"]);
    }

    #[test]
    fn anything_else_is_no_scope() {
        for claims in [json!({}), json!({ "scope": "" }), json!({ "scope": 1 }), json!({ "scp": [1, {}] })] {
            assert!(of(&claims).is_empty(), "{claims}");
        }
    }
}
