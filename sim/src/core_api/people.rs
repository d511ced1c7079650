//! How people, guests and their carts are called, and what a page shows of them.

use std::net::{IpAddr, Ipv4Addr};

use ironleaf_auth::{Request, Response};
use serde_json::Value;

use super::ids::{FamilyId, PersonId};

const PEOPLE: &str = "@sim.test";
const CART: &str = "cart-";
/// The address of the first person's browser; the others follow.
const FIRST_ADDRESS: u32 = 0x0a00_0000;

/// Whoever a page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
}

/// The address of a person who has changed it this often.
pub(crate) fn address_of(person: PersonId, email: u32) -> String {
    format!("p{}+{email}{PEOPLE}", person.0)
}

/// The API's identifier of a guest.
pub(crate) fn guest_id(family: FamilyId) -> String {
    format!("guest-{}", family.0)
}

/// The API's identifier of a person.
pub(crate) fn subject_of(person: PersonId) -> String {
    format!("person-{}", person.0)
}

/// The API's identifier of a guest's cart.
pub(super) fn cart_id(guest: FamilyId) -> String {
    format!("{CART}{}", guest.0)
}

pub(super) fn guest_of_cart(id: &str) -> Option<FamilyId> {
    id.strip_prefix(CART)?.parse().ok().map(FamilyId)
}

/// What a page shows of a person.
pub(crate) fn shown_to(id: &str, email: Option<&str>) -> String {
    format!("{id} {}", email.unwrap_or_default())
}

/// The person in an answer of the API, or the guest whose cart it is.
pub(crate) fn person_in(response: &Response) -> Option<Shown> {
    if !response.status().is_success() {
        return None;
    }
    let answer: Value = serde_json::from_slice(response.body()).ok()?;
    let person = answer.get("item").unwrap_or(&answer);
    let text = |name: &str| person.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = ["anonymousId", "user_id", "id"].into_iter().find_map(text)?;
    Some(Shown { id, email: text("email") })
}

/// How often the address was changed.
pub(crate) fn version_in(address: &str) -> Option<u32> {
    parts_of(address).map(|(_, email)| email)
}

pub(super) fn person_of(address: &str) -> Option<PersonId> {
    parts_of(address).map(|(person, _)| person)
}

fn parts_of(address: &str) -> Option<(PersonId, u32)> {
    let (person, email) = address.strip_prefix('p')?.strip_suffix(PEOPLE)?.split_once('+')?;
    Some((PersonId(person.parse().ok()?), email.parse().ok()?))
}

/// The address of a person's browser.
pub(crate) fn ip_of(person: PersonId) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(FIRST_ADDRESS + person.0))
}

/// Whose browser a call is made for. There is exactly one address.
pub(super) fn person_at(request: &Request) -> Option<PersonId> {
    let address: Ipv4Addr = request.headers().get("x-forwarded-for")?.to_str().ok()?.parse().ok()?;
    address.to_bits().checked_sub(FIRST_ADDRESS).map(PersonId)
}
