//! The forms of which it is known who sends them, what is in them, and how their pages say that it was done. `survey` finds the others.

use crate::world::{NEW_PASSWORD, OLD_PASSWORD, Person, World};

/// A form and its right answers.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    /// How many calls to the core API it makes, of which each can meet a fault.
    pub(crate) calls: usize,
    /// Its page, where it leads back to.
    pub(crate) page: &'static str,
    /// Where it leads when it was done.
    pub(crate) done: &'static [&'static str],
    /// What the next page says then; where that is nothing the place tells.
    pub(crate) says: &'static [&'static str],
    /// What is in it, with `{email}` for the person's, where nothing else is known of it.
    pub(crate) fields: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Account,
    ResetLink,
    VerificationLink,
    Session,
}

const fn form(path: &'static str, needs: Needs, calls: usize, page: &'static str) -> Form {
    Form { path, needs, calls, page, done: &[], says: &[], fields: None }
}

pub(crate) const FORMS: [Form; 12] = [
    Form { done: &["/"], ..form("/api/sign-in", Needs::Account, 2, "/login") },
    Form {
        done: &["/set-password"],
        says: &["You are logged in as"],
        ..form("/api/sign-in-with-token", Needs::ResetLink, 2, "/login")
    },
    Form {
        done: &["/"],
        says: &["You have been logged out."],
        ..form("/api/sign-out", Needs::Session, 2, "/")
    },
    Form {
        done: &["/", "/login"],
        says: &["Welcome!", "Your account has been created"],
        ..form("/api/register", Needs::Nothing, 3, "/register")
    },
    Form {
        done: &["/reset-password"],
        says: &["A password reset link has been sent"],
        ..form("/api/request-password-reset", Needs::Account, 1, "/reset-password")
    },
    Form {
        done: &["/"],
        says: &["Your password has been updated"],
        ..form("/api/set-password", Needs::Session, 3, "/set-password")
    },
    Form {
        done: &["/email-verification"],
        says: &["Success!"],
        ..form("/api/verify-email", Needs::VerificationLink, 2, "/email-verification")
    },
    Form {
        done: &["/account"],
        says: &["Verification email sent"],
        ..form("/api/resend-verification", Needs::Session, 2, "/account")
    },
    Form {
        done: &["/account"],
        says: &["Account updated successfully"],
        ..form("/api/update-account", Needs::Session, 4, "/account")
    },
    Form {
        done: &["/"],
        says: &["Account deleted successfully"],
        ..form("/api/delete-account", Needs::Session, 2, "/account/delete")
    },
    Form {
        done: &["/account"],
        says: &["Thank you. You can make your change now."],
        ..form("/api/confirm-password", Needs::Session, 3, "/confirm?return_to=/account")
    },
    Form { done: &["/"], ..form("/api/set-theme", Needs::Session, 0, "/") },
];

/// What every form says when nobody could tell whether it was done.
pub(crate) const UNAVAILABLE: &str = "We cannot reach our servers right now";

impl Form {
    /// The person whom this form needs, in front of it.
    pub(crate) async fn sender(&self, world: &World) -> Person {
        match self.needs {
            Needs::Nothing => world.stranger(),
            Needs::Account => world.account().await,
            Needs::Session => world.signed_in().await,
            Needs::ResetLink => {
                let person = world.account().await;
                world.upstream.ask_for_a_reset(&person.email).await;
                opened(world, person, "/login").await
            }
            Needs::VerificationLink => opened(world, world.account().await, "/email-verification").await,
        }
    }

    pub(crate) fn fields(&self, person: &Person) -> String {
        let email = &person.email;
        if let Some(fields) = self.fields {
            return fields.replace("{email}", email);
        }
        match self.path {
            "/api/sign-in" => format!("email={email}&password={OLD_PASSWORD}"),
            "/api/sign-in-with-token" => "action=password".to_owned(),
            "/api/register" => {
                format!("email={email}&password={OLD_PASSWORD}&confirm_password={OLD_PASSWORD}")
            }
            "/api/request-password-reset" => format!("email={email}"),
            "/api/set-password" => format!("password={NEW_PASSWORD}&confirm_password={NEW_PASSWORD}"),
            "/api/update-account" => {
                let email = new_email(person);
                format!("email={email}&password={NEW_PASSWORD}&confirm_password={NEW_PASSWORD}")
            }
            "/api/confirm-password" => format!("password={OLD_PASSWORD}&return_to=/account"),
            "/api/set-theme" => "theme=dark&return_to=/".to_owned(),
            _ => String::new(),
        }
    }

    /// The address that the form shows again.
    pub(crate) fn kept(&self, person: &Person) -> Option<String> {
        match self.path {
            "/api/sign-in" | "/api/register" | "/api/request-password-reset" => Some(person.email.clone()),
            "/api/update-account" => Some(new_email(person)),
            _ => None,
        }
    }

    pub(crate) fn leads_to(&self, place: &str) -> bool {
        place == self.page || self.done.contains(&place) || (self.fields.is_some() && place.starts_with('/'))
    }
}

pub(crate) fn new_email(person: &Person) -> String {
    format!("new-{}", person.email)
}

async fn opened(world: &World, mut person: Person, path: &str) -> Person {
    let link = world.upstream.link(&person.email, path).await;
    let answer = person.browser.get(&link).await;
    assert_eq!((answer.status, &answer.location[..]), (303, path));
    person
}
