mod separate_forms;

use ironleaf_bff::{AccountAbility, RedirectSignIn, Role, User};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Breadcrumb, ButtonForm, DeleteAccountForm, Field, NewPassword, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::render::{Template, Templates};
use crate::request::PageRequest;
use crate::server_fns::{ResendVerification, UpdateAccount};
use crate::validation::FieldProblem;
use crate::words::{t, t_around, t_with};

pub(crate) use separate_forms::OneChange;
use separate_forms::SeparateForms;

/// `/account`: the person as they are known now, and what they can change here.
#[component]
pub(crate) fn Account(user: User, changes: Changes) -> impl IntoView {
    match changes {
        Changes::Here { form, others_end } => EitherOf3::A(view! { <OwnAccount user form others_end /> }),
        Changes::Separately { form, offered } => {
            let email = user.unverified_email.clone().or_else(|| user.email.clone()).unwrap_or_default();
            let forms = view! { <SeparateForms email form offered /> };
            EitherOf3::B(view! { <AccountElsewhere user provider=None>{forms}</AccountElsewhere> })
        }
        Changes::Elsewhere(provider) => EitherOf3::C(view! { <AccountElsewhere user provider /> }),
    }
}

/// Where the person changes their account.
pub(crate) enum Changes {
    /// On this page. `others_end` is whether a new password also ends the sessions of other clients.
    Here { form: KeptForm, others_end: bool },
    /// On this page, in a form for each.
    Separately { form: KeptForm, offered: OneChange },
    /// At this provider, if it says where.
    Elsewhere(Option<RedirectSignIn>),
}

/// The identity that the session has, and the way to the page of the provider.
#[component]
fn AccountElsewhere(
    user: User,
    provider: Option<RedirectSignIn>,
    /// The forms for what can be changed here nevertheless.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let link = provider.and_then(|RedirectSignIn { name, account_url }| {
        account_url
            .map(|url| view! { <a href=url>{t_with("account-elsewhere", [("provider", name.into())])}</a> })
    });
    let name = user.claims.get("name").cloned();
    let email = user.email.clone().or_else(|| user.unverified_email.clone());
    let is_known = name.is_some() || email.is_some();
    view! {
        <Title text=t("account") />
        <div>
            <Breadcrumb here=t("account") />
            <h1>{t("account-heading")}</h1>
            <section class="panel" aria-labelledby="identity">
                <h2 id="identity">{t("account-you")}</h2>
                <div>
                <dl class="identity">
                    {name.map(|name| view! { <dt>{t("account-name")}</dt><dd>{name}</dd> })}
                    {email.map(|email| view! { <dt>{t("email")}</dt><dd>{email}</dd> })}
                    {(!is_known).then(|| view! { <dt>{t("account-identifier")}</dt><dd>{user.id}</dd> })}
                </dl>
                {link.map(|link| view! { <p class="form-actions">{link}</p> })}
                </div>
            </section>
            {children.map(|forms| forms())}
            {roles(&user.roles)}
            <SessionsLink />
            <Leave />
        </div>
    }
}

#[component]
fn OwnAccount(user: User, form: KeptForm, others_end: bool) -> impl IntoView {
    let unverified = user.unverified_email.clone();
    // The address that the person entered last, even if it is not verified yet.
    let email = unverified.clone().or(user.email).unwrap_or_default();
    view! {
        <Title text=t("account") />
        <div>
            <Breadcrumb here=t("account") />
            <h1>{t("account-heading")}</h1>
            <h2 class="lead">{t("account-lead")}</h2>
            {unverified.map(|email| view! { <Unverified email /> })}
            <Credentials email form others_end />
            {roles(&user.roles)}
            <SessionsLink />
            <TwoFactorLink />
            <PasskeysLink />
            <ActivityLink />
            <Leave />
        </div>
    }
}

/// The way to the page with the person's sessions.
#[component]
fn SessionsLink() -> impl IntoView {
    static LINK: Template<0> = Template::new();

    LINK.fill([], |[]| {
        view! {
            <section class="panel" aria-labelledby="sessions">
                <div>
                    <h2 id="sessions">{t("sessions")}</h2>
                    <p class="lead-small">{t("sessions-section-lead")}</p>
                </div>
                <p class="form-actions">
                    <a class="button" href="/account/sessions">
                        {t("sessions-heading")}
                    </a>
                </p>
            </section>
        }
    })
}

/// The way to the second step of the person's sign-ins, if the provider offers one.
#[component]
fn TwoFactorLink() -> impl IntoView {
    let is_offered = PageRequest::current().offers(AccountAbility::SecondFactor);
    is_offered.then(|| {
        view! {
            <section class="panel" aria-labelledby="two-factor">
                <div>
                    <h2 id="two-factor">{t("two-factor")}</h2>
                    <p class="lead-small">{t("two-factor-section-lead")}</p>
                </div>
                <p class="form-actions">
                    <a class="button" href="/account/two-factor">{t("two-factor-show")}</a>
                </p>
            </section>
        }
    })
}

/// The way to the person's passkeys, if the provider offers some.
#[component]
fn PasskeysLink() -> impl IntoView {
    let is_offered = PageRequest::current().offers(AccountAbility::Passkeys);
    is_offered.then(|| {
        view! {
            <section class="panel" aria-labelledby="passkeys">
                <div>
                    <h2 id="passkeys">{t("passkeys")}</h2>
                    <p class="lead-small">{t("passkeys-section-lead")}</p>
                </div>
                <p class="form-actions">
                    <a class="button" href="/account/passkeys">{t("passkeys-show")}</a>
                </p>
            </section>
        }
    })
}

/// The way to what happened to the account, if the provider knows it.
#[component]
fn ActivityLink() -> impl IntoView {
    let is_offered = PageRequest::current().offers(AccountAbility::Activity);
    is_offered.then(|| {
        view! {
            <section class="panel" aria-labelledby="activity">
                <div>
                    <h2 id="activity">{t("activity")}</h2>
                    <p class="lead-small">{t("activity-section-lead")}</p>
                </div>
                <p class="form-actions">
                    <a class="button" href="/account/activity">
                        {t("activity-show")}
                    </a>
                </p>
            </section>
        }
    })
}

/// The form for address and password. As long as nobody has typed into it, it is the same for everybody but for two texts.
#[component]
fn Credentials(email: String, form: KeptForm, others_end: bool) -> impl IntoView {
    static UNTOUCHED: Templates<bool, 2> = Templates::new();

    let person = PageRequest::current().page_of().unwrap_or_default();
    if form.is_empty() {
        Either::Left(UNTOUCHED.fill(others_end, [&email, &person], |[email, person]| {
            let form = KeptForm::default();
            view! { <CredentialsPanel email=email.to_owned() person=person.to_owned() form others_end /> }
        }))
    } else {
        Either::Right(view! { <CredentialsPanel email person form others_end /> })
    }
}

/// `person` is whose page it is.
#[component]
fn CredentialsPanel(email: String, person: String, form: KeptForm, others_end: bool) -> impl IntoView {
    let effect = if others_end { t("account-password-effect") } else { t("account-password-effect-here") };
    view! {
        <section class="panel" aria-labelledby="credentials">
            <div>
                <h2 id="credentials">{t("account-credentials")}</h2>
                <p class="lead-small">{t("account-lead-credentials")}</p>
            </div>
            <ServerForm<UpdateAccount> person=Some(person)>
                <fieldset>
                    <legend>{t("account-address")}</legend>
                    <p class="lead-small">{t("account-address-effect")}</p>
                    <Field
                        kept=form.field("email")
                        label=t("email")
                        kind="email"
                        autocomplete="username"
                        rules=Rules::EMAIL
                        value=email
                    />
                </fieldset>
                <fieldset>
                    <legend>{t("set-password-new")}</legend>
                    <p class="lead-small">{effect}</p>
                    <NewPassword
                        form
                        label=t("password")
                        placeholder=t("account-password-hint")
                        confirmation_placeholder=t("account-confirmation-hint")
                        unconfirmed=FieldProblem::ConfirmationDue
                        optional=true
                    />
                </fieldset>
                <p class="form-actions">
                    <button type="submit" class="button primary">
                        {t("account-update")}
                    </button>
                </p>
            </ServerForm<UpdateAccount>>
        </section>
    }
}

/// Says that an address waits, and sends the e-mail again.
#[component]
fn Unverified(email: String) -> impl IntoView {
    let (before, after) = t_around("account-unverified", "email", []);
    view! {
        <section class="notice" aria-label=t("account-verification")>
            <p>{before} <strong>{email}</strong> {after}</p>
            <ButtonForm<ResendVerification>>
                <button type="submit" class="button">
                    {t("account-resend")}
                </button>
            </ButtonForm<ResendVerification>>
        </section>
    }
}

fn roles(roles: &[Role]) -> impl IntoView + use<> {
    let roles: Vec<_> = roles.iter().map(|role| view! { <li>{role.label().into_owned()}</li> }).collect();
    (!roles.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="roles">
                <h2 id="roles">{t("account-roles")}</h2>
                <ul class="tags">{roles}</ul>
            </section>
        }
    })
}

/// The part for deleting the account, if the provider offers that.
#[component]
fn Leave() -> impl IntoView {
    static LEAVE: Template<1> = Template::new();

    let request = PageRequest::current();
    let person = request.page_of().unwrap_or_default();
    let fill = || {
        LEAVE.fill([&person], |[person]| {
            view! {
                <section class="panel danger-zone" aria-labelledby="leave">
                    <div>
                        <h2 id="leave">{t("account-leave")}</h2>
                        <p class="lead-small">
                            {t("account-leave-text")}
                        </p>
                    </div>
                    <p class="form-actions">
                        <button
                            type="button"
                            class="button danger-outline"
                            command="show-modal"
                            commandfor="delete-dialog"
                        >
                            {t("delete-account")}
                        </button>
                        <noscript>
                            <a href="/account/delete">{t("account-leave-page")}</a>
                        </noscript>
                    </p>
                </section>
                <DeleteDialog person />
            }
        })
    };
    request.offers(AccountAbility::Delete).then(fill)
}

/// `person` identifies whose page it is.
#[component]
fn DeleteDialog(person: &'static str) -> impl IntoView {
    let cancel = view! {
        <button type="button" class="button" command="close" commandfor="delete-dialog" autofocus>
            {t("cancel")}
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
            <h2 id="delete-dialog-title">{t("are-you-sure")}</h2>
            <DeleteAccountForm cancel person=person.to_owned() />
        </dialog>
    }
}

impl Load for AccountProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let user = request.current_user().await?;
        let offered = OneChange {
            email: request.offers(AccountAbility::ChangeEmail),
            password: request.offers(AccountAbility::ChangePassword),
        };
        let changes = if request.offers(AccountAbility::Change) {
            Changes::Here { form: request.take_form(), others_end: request.ends_other_sessions() }
        } else if offered.email || offered.password {
            Changes::Separately { form: request.take_form(), offered }
        } else {
            Changes::Elsewhere(request.redirect_sign_in())
        };
        Ok(Self { user, changes })
    }
}
