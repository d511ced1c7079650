//! The forms for address and password where a change of the password needs the current one.

use leptos::prelude::*;

use crate::components::{CurrentPassword, Field, NewPassword, Rules, ServerForm, Username};
use crate::flashes::KeptForm;
use crate::server_fns::{ChangeEmail, ChangePassword};
use crate::validation::FieldProblem;
use crate::words::t;

/// What can be changed, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OneChange {
    pub(crate) email: bool,
    pub(crate) password: bool,
}

/// A panel for each change that is offered. `email` is the person's address, verified or not.
#[component]
pub(super) fn SeparateForms(email: String, form: KeptForm, offered: OneChange) -> impl IntoView {
    let of_email = offered.email.then(|| view! { <EmailPanel email=email.clone() form=form.clone() /> });
    let of_password = offered.password.then(|| view! { <PasswordPanel email form /> });
    view! {
        {of_email}
        {of_password}
    }
}

#[component]
fn EmailPanel(email: String, form: KeptForm) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="address">
            <div>
                <h2 id="address">{t("email")}</h2>
                <p class="lead-small">{t("account-email-effect")}</p>
            </div>
            <ServerForm<ChangeEmail>>
                <Field
                    kept=form.field("email")
                    label=t("email")
                    kind="email"
                    autocomplete="username"
                    rules=Rules::EMAIL
                    value=email
                />
                <p class="form-actions">
                    <button type="submit" class="button primary">
                        {t("account-email-submit")}
                    </button>
                </p>
            </ServerForm<ChangeEmail>>
        </section>
    }
}

#[component]
fn PasswordPanel(email: String, form: KeptForm) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="new-password">
            <div>
                <h2 id="new-password">{t("password")}</h2>
                <p class="lead-small">{t("account-password-effect")}</p>
            </div>
            <ServerForm<ChangePassword>>
                <Username email />
                <CurrentPassword kept=form.field("current_password") />
                <NewPassword
                    form
                    label=t("set-password-new")
                    placeholder=t("register-password-hint")
                    confirmation_placeholder=t("account-confirmation-hint")
                    unconfirmed=FieldProblem::ConfirmationDue
                />
                <p class="form-actions">
                    <button type="submit" class="button primary">
                        {t("set-password-submit")}
                    </button>
                </p>
            </ServerForm<ChangePassword>>
        </section>
    }
}
