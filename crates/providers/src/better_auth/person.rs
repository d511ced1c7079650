//! Who a person is, from a `user` of the auth server or from the claims of a JWT, which are the same by default.

use ironleaf_auth::{EmailAddress, Identity, Response, Role};
use serde_json::{Map, Value};

use super::wire;
use crate::answer::short_text;
use crate::roles;

/// Longer identifiers are not kept. Better Auth makes some of 32 characters; a database may have numbers.
const LONGEST_ID_BYTES: usize = 255;

/// The person of a `user`, if it says who that is.
pub(super) fn read(user: &Map<String, Value>) -> Option<Identity> {
    let mut identity = Identity { id: id(user.get("id")?)?, ..Identity::default() };
    describe(&mut identity, user);
    Some(identity)
}

/// The person whom an answer of the auth server is about: its `user`.
pub(super) fn of_answer(response: &Response) -> Option<Identity> {
    wire::object(response)?.get("user")?.as_object().and_then(read)
}

/// Writes what is known over what the identity says. The rest stays: an application can leave claims out of its JWTs.
pub(super) fn describe(identity: &mut Identity, claims: &Map<String, Value>) {
    let address = claims.get("email").and_then(Value::as_str).filter(|text| text.contains('@'));
    // Longer ones do not exist (RFC 5321, section 4.5.3.1.3).
    if let Some(address) = address.filter(|text| text.len() <= 254) {
        let address = EmailAddress::of_record(address).as_str().to_owned();
        // SECURITY: without `requireEmailVerification`, anybody can register any address. Only a verified one is an
        // address of this person. What pages decide by address, they decide by `email`.
        (identity.email, identity.unverified_email) =
            if claims.get("emailVerified") == Some(&Value::Bool(true)) {
                (Some(address), None)
            } else {
                (None, Some(address))
            };
    }
    if let Some(name) = claims.get("name").and_then(short_text) {
        identity.claims.insert("name".to_owned(), name);
    }
    if let Some(roles) = read_roles(claims) {
        identity.roles = roles;
    }
}

/// `role` of the admin plugin: names with commas between them, or `null`. `None` if nothing is said about it.
fn read_roles(claims: &Map<String, Value>) -> Option<Vec<Role>> {
    match claims.get("role")? {
        Value::Null => Some(Vec::new()),
        Value::String(names) => {
            Some(roles::within_bounds(names.split(',').map(|name| name.trim().to_owned()).collect()))
        }
        _ => roles::read(claims, "role"),
    }
}

fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=LONGEST_ID_BYTES).contains(&id.len()).then_some(id)
}
