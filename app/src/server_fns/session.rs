use ironleaf_bff::{
    self as bff, AccountAbility, EmailAddress, Remember, ReturnTo, SIGN_IN_LINK, SignInFailure,
    sign_in_with_link, sign_in_with_password, start_reauthentication, start_redirect,
};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::remember::keeping_box;
use crate::validation::check_email;

/// Signs a person in with e-mail address and password.
#[server(prefix = "/api", endpoint = "sign-in", protocol = HtmlForm)]
pub async fn sign_in(
    email: String,
    password: Redacted,
    remember_me: Option<String>,
    remember_me_offered: Option<String>,
) -> Result<Done, AppError> {
    let remember = Remember::from_form(remember_me.as_deref(), remember_me_offered.as_deref());
    let form = FormPost::on(links::login)?.with_sign_in_here()?;
    let form = keeping_box(form.keeping("email", &email), remember);
    let Some(address) = EmailAddress::parse(&email) else {
        return Err(form.refused(SignInFailure::InvalidCredentials));
    };
    match sign_in_with_password(form.parts(), &address, password.expose(), remember).await {
        Ok(()) => {
            form.welcome();
            Ok(form.done_and_back(None))
        }
        Err(SignInFailure::CodeNeeded) => Ok(form.done(&links::code(form.return_to()), None)),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Sends a person to the provider, who signs them in; see `pages::callback` for their way back.
#[server(prefix = "/api", endpoint = "sign-in-with-provider", protocol = HtmlForm)]
pub async fn sign_in_with_provider(
    remember_me: Option<String>,
    remember_me_offered: Option<String>,
) -> Result<Done, AppError> {
    let remember = Remember::from_form(remember_me.as_deref(), remember_me_offered.as_deref());
    let form = keeping_box(FormPost::on(links::login)?.with_redirect()?, remember);
    if let Some(page) = form.page_at_public_origin() {
        return Ok(form.done(&page, None));
    }
    let callback = form.address_of(links::CALLBACK);
    match start_redirect(form.parts(), &callback, form.return_to(), remember).await {
        Ok(url) => Ok(form.done(&url, None)),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Signs a person in with the e-mailed link that their browser has opened; see `pages::login`.
#[server(prefix = "/api", endpoint = "sign-in-with-token", protocol = HtmlForm)]
pub async fn sign_in_with_token(
    action: Option<String>,
    remember_me: Option<String>,
    remember_me_offered: Option<String>,
) -> Result<Done, AppError> {
    let form = FormPost::on_page("/login")?.with(AccountAbility::SignInByLink)?;
    let place = form.place();
    let Some(link) = form.peek(&SIGN_IN_LINK) else {
        return Err(form.refused(link_refused()));
    };
    let sets_password = link.sets_password() || action.as_deref() == Some("password");
    let home = || place.as_ref().map_or("/", |place| place.as_str()).to_owned();
    let next = if sets_password { links::set_password(place.as_ref()) } else { home() };
    let remember = match (remember_me, remember_me_offered) {
        // The form has sent itself.
        (None, None) => link.remembered_by(form.parts()),
        (remember_me, offered) => Remember::from_form(remember_me.as_deref(), offered.as_deref()),
    };
    match sign_in_with_link(form.parts(), &link, remember).await {
        Ok(()) => {
            form.welcome();
            let message = Message::SignedInAs(link.email().as_str().to_owned());
            Ok(form.done(&next, Some(message)))
        }
        Err(SignInFailure::CodeNeeded) => {
            // It was used up, and the code completes the sign-in.
            form.clear(&SIGN_IN_LINK);
            Ok(form.done(&links::code(ReturnTo::parse(&next).as_ref()), None))
        }
        Err(SignInFailure::InvalidCredentials) => {
            form.clear(&SIGN_IN_LINK);
            Err(form.moved_to(&links::login(place.as_ref())).refused(link_refused()))
        }
        // The link stays, because it may work in a moment.
        Err(failure) => Err(form.refused(failure)),
    }
}

fn link_refused() -> Refusal {
    Refusal::saying(http::StatusCode::UNAUTHORIZED, "invalid_credentials", Message::LinkFailed)
}

/// Requests the e-mail with a link that signs in. The answer is the same whether the account exists or not.
#[server(prefix = "/api", endpoint = "request-sign-in-link", protocol = HtmlForm)]
pub async fn request_sign_in_link(
    email: String,
    remember_me: Option<String>,
    remember_me_offered: Option<String>,
) -> Result<Done, AppError> {
    let remember = Remember::from_form(remember_me.as_deref(), remember_me_offered.as_deref());
    let form = FormPost::on(links::login)?.with(AccountAbility::RequestSignInLink)?;
    let form = keeping_box(form.keeping("email", &email), remember);
    let address = check_email(&email);
    let address = address.map_err(|problem| form.refused(Refusal::of_fields(vec![("email", problem)])))?;
    match bff::request_sign_in_link(form.parts(), &address, remember).await {
        Ok(()) => {
            form.keep_place();
            let page = links::login(form.return_to());
            Ok(form.done(&page, Some(Message::SignInLinkSent(address.to_unicode()))))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Signs the person out, whatever the core API answers.
#[server(prefix = "/api", endpoint = "sign-out", protocol = HtmlForm)]
pub async fn sign_out() -> Result<Done, AppError> {
    let form = FormPost::on_page("/")?;
    let elsewhere = bff::sign_out(form.parts(), &form.address_of(links::SIGNED_OUT)).await;
    form.forget_person();
    form.ask_before_leaving();
    match elsewhere {
        // It is said when the person comes back, see `signed_out`.
        Some(url) => Ok(form.done(&url, None)),
        None => Ok(form.done("/", Some(Message::SignedOut))),
    }
}

/// Signs the person in again before a change that needs it (ASVS 7.5.1).
#[server(prefix = "/api", endpoint = "confirm-password", protocol = HtmlForm)]
pub async fn confirm_password(password: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on(links::confirm)?.with_sign_in_here()?;
    match bff::confirm_password(form.parts(), password.expose()).await {
        Ok(()) => {
            form.welcome();
            let message = Message::on_proof(form.return_to());
            Ok(form.done_and_back(Some(message)))
        }
        Err(bff::ConfirmFailure::SignIn(SignInFailure::CodeNeeded)) => {
            Ok(form.done(&links::code(form.return_to()), None))
        }
        Err(failure @ bff::ConfirmFailure::SignedOut(_)) => {
            let back = form.return_to().map_or("/", |place| place.as_str()).to_owned();
            Err(form.moved_to(&back).refused(failure))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Sends the signed-in person to the provider, who asks again who they are, before a change that needs it (ASVS 7.5.1).
#[server(prefix = "/api", endpoint = "confirm-with-provider", protocol = HtmlForm)]
pub async fn confirm_with_provider() -> Result<Done, AppError> {
    let form = FormPost::on(links::confirm)?.with_redirect()?;
    if let Some(refusal) = form.nobody_signed_in() {
        let back = form.return_to().map_or("/", |place| place.as_str()).to_owned();
        return Err(form.moved_to(&back).refused(refusal));
    }
    match start_reauthentication(form.parts(), &form.address_of(links::CALLBACK), form.return_to()).await {
        Ok(url) => Ok(form.done(&url, None)),
        Err(failure) => Err(form.refused(failure)),
    }
}
