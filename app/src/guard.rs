//! Who may see a page or call a server function. A guard is one line: on the route of a page, `view=guarded(PEOPLE, People)`,
//! and beneath a server function, `guard!(PEOPLE, SetRole);`. `render` asks it before any loader and any function runs.

use http::request::Parts;
use ironleaf_bff::{Bff, MaybeUser, Role, User, session_cannot_be_checked};
use leptos::server_fn::inventory;

/// Where administrators see and change other people, if the back end lets them.
pub(crate) const PEOPLE: Guard = Guard::role(Role::ADMIN).where_offered(|bff| bff.known_roles().is_some());

/// What it takes to see a page or to call a server function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    role: &'static str,
    is_offered: Option<fn(&Bff) -> bool>,
}

/// What a guard says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Admitted,
    /// With this provider, there is nothing behind the guard.
    Absent,
    /// Nobody is signed in.
    Stranger,
    /// Whether somebody is signed in cannot be found out right now.
    Unchecked,
    /// The person does not have the role.
    Refused,
}

impl Guard {
    /// Only people with this role, as the provider writes it. The roles are those of the session: as fresh as its last
    /// refresh.
    pub(crate) const fn role(role: &'static str) -> Self {
        Self { role, is_offered: None }
    }

    /// Only with a provider for which this is true. With another one, the page is not found, whoever asks.
    pub(crate) const fn where_offered(self, is_offered: fn(&Bff) -> bool) -> Self {
        Self { is_offered: Some(is_offered), ..self }
    }

    /// What it says of this request. A request that has not passed the layers is nobody's.
    pub(crate) fn verdict(self, parts: &Parts) -> Verdict {
        let person = MaybeUser::from_parts(parts).ok().and_then(|MaybeUser(person)| person);
        match person {
            _ if !self.is_offered_by(parts.extensions.get()) => Verdict::Absent,
            Some(person) if person.has_role(self.role) => Verdict::Admitted,
            Some(_) => Verdict::Refused,
            None if session_cannot_be_checked(parts) => Verdict::Unchecked,
            None => Verdict::Stranger,
        }
    }

    /// Whether a link to what is behind the guard is of use to this person.
    pub(crate) fn admits(self, person: &User, bff: Option<&Bff>) -> bool {
        self.is_offered_by(bff) && person.has_role(self.role)
    }

    fn is_offered_by(self, bff: Option<&Bff>) -> bool {
        self.is_offered.is_none_or(|is_offered| bff.is_some_and(is_offered))
    }

    /// The role that it takes.
    pub(crate) const fn needed_role(self) -> &'static str {
        self.role
    }
}

/// A server function with its guard, registered by [`guard!`].
pub(crate) struct GuardedFn {
    pub(crate) path: &'static str,
    pub(crate) guard: Guard,
}

inventory::collect!(GuardedFn);

/// Says who may call a server function: `guard!(PEOPLE, SetRole);` for `async fn set_role`.
macro_rules! guard {
    ($guard:expr, $function:ty) => {
        leptos::server_fn::inventory::submit! {
            crate::guard::GuardedFn {
                path: <$function as leptos::server_fn::ServerFn>::PATH,
                guard: $guard,
            }
        }
    };
}
pub(crate) use guard;

/// The guard of the server function at this path, if it has one.
pub(crate) fn guard_of(path: &str) -> Option<Guard> {
    inventory::iter::<GuardedFn>.into_iter().find(|guarded| guarded.path == path).map(|found| found.guard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_without_the_very_role_is_not_admitted() {
        let person = |roles: &[&str]| User {
            roles: roles.iter().map(|role| Role::new(*role)).collect(),
            ..User::new("1", "ada@test.com")
        };
        let guard = Guard::role("EDITOR");
        assert!(guard.admits(&person(&["USER", "EDITOR"]), None));
        for roles in [&[][..], &["USER"], &["editor"], &["EDITORS"], &["ADMIN"]] {
            assert!(!guard.admits(&person(roles), None), "{roles:?}");
        }
        assert!(!PEOPLE.admits(&person(&["ADMIN"]), None), "nobody offers it");
    }

    #[test]
    fn a_request_that_has_passed_no_layer_is_refused() {
        let parts = http::Request::new(()).into_parts().0;
        assert_eq!(Guard::role("EDITOR").verdict(&parts), Verdict::Stranger);
        assert_eq!(PEOPLE.verdict(&parts), Verdict::Absent);
    }

    #[test]
    fn a_function_is_found_by_its_path() {
        assert_eq!(guard_of("/api/set-role").map(Guard::needed_role), Some(Role::ADMIN));
        assert!(guard_of("/api/sign-in").is_none());
    }
}
