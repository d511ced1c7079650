//! The forms with a known sender, known fields and a known message of success. `survey` finds the others.

use crate::browser::Answer;
use crate::world::{NEW_PASSWORD, OLD_PASSWORD, Person, World};

/// A form and its correct answers.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    /// The number of its calls to the core API. Each call can meet a fault.
    pub(crate) calls: usize,
    /// The form's page. The form leads back to it after a failure.
    pub(crate) page: &'static str,
    /// The pages it may lead to after a success.
    pub(crate) done: &'static [&'static str],
    /// The messages of success on the next page. If this is empty, the next page's address shows the success.
    pub(crate) says: &'static [&'static str],
    /// The fields, with `{email}` for the person's address, of a form found by `survey`.
    pub(crate) fields: Option<&'static str>,
    /// Whether an island calls it: then it answers with JSON, and leads nowhere.
    pub(crate) is_of_island: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Account,
    ResetLink,
    VerificationLink,
    RestorationLink,
    Session,
    Administrator,
}

const fn form(path: &'static str, needs: Needs, calls: usize, page: &'static str) -> Form {
    Form { path, needs, calls, page, done: &[], says: &[], fields: None, is_of_island: false }
}

pub(crate) const FORMS: [Form; 25] = [
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
        done: &["/login"],
        says: &["A login link has been sent"],
        ..form("/api/request-sign-in-link", Needs::Account, 1, "/login")
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
        done: &["/restore-address"],
        says: &["Success!"],
        ..form("/api/restore-address", Needs::RestorationLink, 1, "/restore-address")
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
    Form { done: &["/"], ..form("/api/set-language", Needs::Session, 0, "/") },
    Form {
        done: &["/account/sessions"],
        says: &["This session was over already."],
        ..form("/api/end-session", Needs::Session, 0, "/account/sessions")
    },
    Form {
        done: &["/account/sessions"],
        says: &["All other sessions ended"],
        ..form("/api/end-other-sessions", Needs::Session, 0, "/account/sessions")
    },
    Form {
        done: &["/login"],
        says: &["You have been logged out everywhere."],
        ..form("/api/end-all-sessions", Needs::Session, 2, "/account/sessions")
    },
    Form {
        done: &["/login"],
        says: &["That took too long"],
        ..form("/api/sign-in-with-code", Needs::Nothing, 0, "/login/code")
    },
    Form {
        done: &["/account/two-factor"],
        says: &["This was changed elsewhere"],
        ..form("/api/enable-second-factor", Needs::Session, 1, "/account/two-factor/set-up")
    },
    Form {
        done: &["/account/two-factor"],
        says: &["This was changed elsewhere"],
        ..form("/api/replace-recovery-codes", Needs::Session, 1, "/account/two-factor/recovery-codes")
    },
    Form {
        done: &["/account/two-factor"],
        says: &["This was changed elsewhere"],
        ..form("/api/disable-second-factor", Needs::Session, 1, "/account/two-factor/disable")
    },
    Form { done: &["/"], ..form("/api/set-theme", Needs::Session, 0, "/") },
    Form {
        says: &["The person has the role now."],
        ..form("/api/set-role", Needs::Administrator, 2, "/admin/people")
    },
    Form {
        says: &["Verification email sent"],
        ..form("/api/resend-verification-of", Needs::Administrator, 2, "/admin/people")
    },
    Form {
        says: &["The account is deleted."],
        ..form("/api/delete-person", Needs::Administrator, 2, "/admin/people")
    },
];

/// The message of every form whose outcome is unknown.
pub(crate) const UNAVAILABLE: &str = "We cannot reach our servers right now";

impl Form {
    /// The function of an island, with its fields. Its calls and its sender are not known yet.
    pub(crate) fn of_island(path: &'static str, fields: String) -> Self {
        let fields = Some(&*fields.leak());
        Self { fields, is_of_island: true, ..form(path, Needs::Nothing, 0, "") }
    }

    /// Whether the answer is one that the form gives when nothing is wrong.
    pub(crate) fn is_answered_by(&self, answer: &Answer) -> bool {
        if self.is_of_island {
            (200..300).contains(&answer.status) && answer.content_type == "application/json"
        } else {
            answer.status == 303 && self.leads_to(&answer.location)
        }
    }

    /// A person with this form in front of them.
    pub(crate) async fn sender(&self, world: &World) -> Person {
        match self.needs {
            Needs::Nothing => world.stranger(),
            Needs::Account => world.account().await,
            Needs::Session => world.signed_in().await,
            Needs::Administrator => world.administrator().await,
            Needs::ResetLink => {
                let person = world.account().await;
                world.upstream.ask_for_a_reset(&person.email).await;
                opened(world, person, "/login").await
            }
            Needs::VerificationLink => opened(world, world.account().await, "/email-verification").await,
            Needs::RestorationLink => {
                let person = world.account().await;
                let _turn = world.hashes.acquire().await.unwrap();
                world.upstream.replace_address(&person.email, OLD_PASSWORD).await;
                opened(world, person, "/restore-address").await
            }
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
            "/api/request-password-reset" | "/api/request-sign-in-link" => format!("email={email}"),
            "/api/set-password" => format!("password={NEW_PASSWORD}&confirm_password={NEW_PASSWORD}"),
            "/api/update-account" => {
                let email = new_email(person);
                format!("email={email}&password={NEW_PASSWORD}&confirm_password={NEW_PASSWORD}")
            }
            "/api/confirm-password" => format!("password={OLD_PASSWORD}&return_to=/account"),
            "/api/set-language" => "language=en&return_to=/".to_owned(),
            "/api/set-theme" => "theme=dark&return_to=/".to_owned(),
            "/api/set-role" => format!("{}&role=ADMIN&held=true", person.about),
            "/api/resend-verification-of" | "/api/delete-person" => person.about.clone(),
            "/api/end-session" => format!("id={}", "0".repeat(64)),
            "/api/sign-in-with-code"
            | "/api/enable-second-factor"
            | "/api/replace-recovery-codes"
            | "/api/disable-second-factor" => "code=123456".to_owned(),
            _ => String::new(),
        }
    }

    /// The address that the form has to show again.
    pub(crate) fn kept(&self, person: &Person) -> Option<String> {
        match self.path {
            "/api/sign-in"
            | "/api/register"
            | "/api/request-password-reset"
            | "/api/request-sign-in-link" => Some(person.email.clone()),
            "/api/update-account" => Some(new_email(person)),
            _ => None,
        }
    }

    fn leads_to(&self, place: &str) -> bool {
        // The pages of a person are beneath the list.
        let is_beneath = self.needs == Needs::Administrator && place.starts_with(self.page);
        place == self.page
            || is_beneath
            || self.done.contains(&place)
            || (self.fields.is_some() && place.starts_with('/'))
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
