use ironleaf_bff::{AccountError, Problem, ProblemKind, Role, User};
use leptos::either::Either;
use leptos::prelude::*;

use crate::components::{Breadcrumb, DeleteAccountForm, Field, Rules};
use crate::document::{Answer, Page};
use crate::islands::EnhancedForm;
use crate::kept_form::KeptForm;
use crate::messages::Message;
use crate::request::PageRequest;
use crate::validation::FieldProblem;

/// `/account`: the person as the core API knows them now, and what they can change.
pub(crate) async fn account(mut request: PageRequest) -> (PageRequest, Answer) {
    let core_api = match request.core_api() {
        Ok(core_api) => core_api,
        Err(missing) => return (request, missing.into()),
    };
    let answer = match core_api.current_user().await {
        Ok(user) => {
            request.viewer = Some(user.clone());
            let (form, others_end) = (request.take_form(), core_api.ends_other_sessions());
            Answer::Page(Page::new("Account", move || account_view(user, form, others_end)).with_islands())
        }
        Err(AccountError::SignedOut) => {
            let answer = request.ask_to_log_in(request.here().as_ref());
            // What has turned out since the request came in.
            if let Some(reason) = core_api.signed_out_reason() {
                request.leave_message(Message::SessionExpired(Some(reason)), "/login");
            }
            answer
        }
        Err(AccountError::Forbidden) => Answer::Problem(Problem::new(ProblemKind::Forbidden)),
        Err(error) => {
            tracing::warn!(%error, "the account page cannot be shown");
            Answer::Problem(Problem::unavailable())
        }
    };
    (request, answer)
}

/// `others_end` is whether a new password ends the sessions of other clients, too.
fn account_view(user: User, form: KeptForm, others_end: bool) -> impl IntoView {
    let unverified = user.unverified_email.clone();
    // The address that the person chose last, although it waits for its verification.
    let email = unverified.clone().or(user.email).unwrap_or_default();
    view! {
        <div>
            <Breadcrumb here="Account" />
            <h1>"Account Settings"</h1>
            <h2 class="lead">"Manage your account settings and set e-mail preferences."</h2>
            {unverified.map(|email| view! { <Unverified email /> })}
            <section class="panel" aria-labelledby="credentials">
                <div>
                    <h2 id="credentials">"Email and password"</h2>
                    {if others_end {
                        Either::Left(
                            view! {
                                <p class="lead-small">
                                    "A new address has to be verified. A new password logs you out everywhere else."
                                </p>
                            },
                        )
                    } else {
                        Either::Right(
                            view! {
                                <p class="lead-small">
                                    "A new address has to be verified. A new password logs you out of this site in every other browser. Other apps that use your account may stay logged in."
                                </p>
                            },
                        )
                    }}
                </div>
                <EnhancedForm>
                    <form method="post" action="/api/update-account" novalidate>
                        <input type="hidden" name="form_id" value="%form_id%" />
                        <input type="hidden" name="page_of" value="%page_of%" />
                        <Field
                            kept=form.field("email")
                            label="Email"
                            kind="email"
                            autocomplete="username"
                            rules=Rules::EMAIL
                            value=email
                        />
                        <Field
                            kept=form.field("password")
                            label="Password"
                            placeholder="Leave empty to keep it"
                            autocomplete="new-password"
                            rules=Rules::NEW_PASSWORD.or_empty()
                        />
                        <Field
                            kept=form.field("confirm_password")
                            label="Confirm Password"
                            placeholder="The new password again"
                            autocomplete="new-password"
                            rules=Rules::confirmation(FieldProblem::ConfirmationDue).or_empty()
                        />
                        <p class="form-actions">
                            <button type="submit" class="button primary">
                                "Update"
                            </button>
                        </p>
                    </form>
                </EnhancedForm>
            </section>
            {roles(&user.roles)}
            <section class="panel danger-zone" aria-labelledby="leave">
                <div>
                    <h2 id="leave">"Leave"</h2>
                    <p class="lead-small">
                        "Deleting your account takes everything with it, at once and for good."
                    </p>
                </div>
                <p class="form-actions">
                    <button
                        type="button"
                        class="button danger-outline"
                        command="show-modal"
                        commandfor="delete-dialog"
                    >
                        "Delete Account"
                    </button>
                    <noscript>
                        <a href="/account/delete">"On a page of its own"</a>
                    </noscript>
                </p>
            </section>
            <DeleteDialog />
        </div>
    }
}

/// Says that an address waits, and sends the e-mail again.
#[component]
fn Unverified(email: String) -> impl IntoView {
    view! {
        <section class="notice" aria-label="Email verification">
            <p>
                "Your email address is unverified: we have sent a link to " <strong>{email}</strong>
                ". Open it to verify that the address is yours."
            </p>
            <form method="post" action="/api/resend-verification">
                <input type="hidden" name="form_id" value="%form_id%" />
                <input type="hidden" name="page_of" value="%page_of%" />
                <button type="submit" class="button">
                    "Resend email"
                </button>
            </form>
        </section>
    }
}

fn roles(roles: &[Role]) -> impl IntoView + use<> {
    let roles: Vec<_> = roles.iter().map(|role| view! { <li>{role.label().into_owned()}</li> }).collect();
    (!roles.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="roles">
                <h2 id="roles">"Roles"</h2>
                <ul class="tags">{roles}</ul>
            </section>
        }
    })
}

#[component]
fn DeleteDialog() -> impl IntoView {
    let cancel = view! {
        <button type="button" class="button" command="close" commandfor="delete-dialog" autofocus>
            "Cancel"
        </button>
    };
    view! {
        <dialog
            id="delete-dialog"
            class="dialog"
            role="alertdialog"
            aria-labelledby="delete-dialog-title"
            aria-describedby="delete-account-text"
        >
            <h2 id="delete-dialog-title">"Are you sure?"</h2>
            <DeleteAccountForm cancel />
        </dialog>
    }
}
