use ironleaf_bff::{PENDING_CODE, ReturnTo};
use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Field, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::SignInWithCode;
use crate::validation::FieldProblem;
use crate::words::t;

/// `/login/code`: the second step of a sign-in that waits in this browser.
#[component]
pub(crate) fn Code(kind: CodeKind, form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let login = links::login(return_to.as_ref());
    let content = match kind {
        CodeKind::OfApp { or_recovery } => {
            let other = or_recovery.then(|| links::recovery_code(return_to.as_ref()));
            EitherOf3::A(view! { <OfApp form return_to other /> })
        }
        CodeKind::Recovery => EitherOf3::B(view! { <Recovery form return_to /> }),
        CodeKind::Nothing => EitherOf3::C(view! { <p class="lead-small">{t("code-nothing")}</p> }),
    };
    view! {
        <Title text=t("code-title") />
        <section class="card">
            <h1>{t("code-heading")}</h1>
            {content}
            <p class="card-links">
                <a href=login>{t("code-begin-anew")}</a>
            </p>
        </section>
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// What the person's app shows. `or_recovery` is whether a recovery code is accepted as well.
    OfApp { or_recovery: bool },
    /// One of the recovery codes.
    Recovery,
    /// No sign-in waits here, or not any more.
    Nothing,
}

#[component]
fn OfApp(form: KeptForm, return_to: Option<ReturnTo>, other: Option<String>) -> impl IntoView {
    view! {
        <p class="lead-small">{t("code-text")}</p>
        <ServerForm<SignInWithCode> return_to once=false>
            <Field
                kept=form.field("code")
                label=t("code")
                kind="text"
                autocomplete="one-time-code"
                rules=Rules::present_or(FieldProblem::CodeMissing)
            />
            <button type="submit" class="button primary wide">
                {t("code-submit")}
            </button>
        </ServerForm<SignInWithCode>>
        {other.map(|other| view! { <p class="card-links"><a href=other>{t("code-with-recovery")}</a></p> })}
    }
}

#[component]
fn Recovery(form: KeptForm, return_to: Option<ReturnTo>) -> impl IntoView {
    let other = links::code(return_to.as_ref());
    view! {
        <p class="lead-small">{t("code-recovery-text")}</p>
        <ServerForm<SignInWithCode> return_to once=false>
            <input type="hidden" name="with" value="recovery" />
            <Field
                kept=form.field("code")
                label=t("code-recovery")
                kind="text"
                autocomplete="off"
                rules=Rules::present_or(FieldProblem::CodeMissing)
            />
            <button type="submit" class="button primary wide">
                {t("code-submit")}
            </button>
        </ServerForm<SignInWithCode>>
        <p class="card-links">
            <a href=other>{t("code-with-app")}</a>
        </p>
    }
}

impl Load for CodeProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let return_to = request.return_to();
        let Some(pending) = request.peek(&PENDING_CODE) else {
            request.signed_out()?;
            return Ok(Self { kind: CodeKind::Nothing, form: KeptForm::default(), return_to });
        };
        let or_recovery = pending.takes_recovery_codes();
        let wants_recovery = request.query_field("with").is_some_and(|with| with == "recovery");
        let kind =
            if or_recovery && wants_recovery { CodeKind::Recovery } else { CodeKind::OfApp { or_recovery } };
        Ok(Self { kind, form: request.take_form(), return_to })
    }
}
