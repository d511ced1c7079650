use ironleaf_bff::{ENROLMENT, SecondFactorState};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::current::{Current, state};
use super::qr_code::qr_code;
use crate::answer::Answer;
use crate::components::{Breadcrumb, Field, Rules, ServerForm};
use crate::flashes::KeptForm;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::EnableSecondFactor;
use crate::validation::FieldProblem;
use crate::words::t;

/// How many characters of a key stand together.
const GROUP: usize = 4;

/// `/account/two-factor/set-up`: the secret of the person's app, and the form for its first code.
#[component]
pub(crate) fn SetUpTwoFactor(step: SetUpStep) -> impl IntoView {
    let content = match step {
        SetUpStep::App { key, uri, form } => Either::Left(view! { <NewApp key uri form /> }),
        SetUpStep::Nothing(state) => Either::Right(view! { <Current state /> }),
    };
    view! {
        <Title text=t("two-factor-set-up") />
        <div>
            <Breadcrumb here=t("two-factor") />
            <h1>{t("two-factor-set-up")}</h1>
            {content}
        </div>
    }
}

pub(crate) enum SetUpStep {
    /// It waits for its first code.
    App { key: String, uri: String, form: KeptForm },
    /// No app is being set up in this browser.
    Nothing(SecondFactorState),
}

#[component]
fn NewApp(key: String, uri: String, form: KeptForm) -> impl IntoView {
    view! {
            <section class="panel" aria-labelledby="scan">
                <div>
                    <h2 id="scan">{t("two-factor-app")}</h2>
                    <p class="lead-small">{t("two-factor-scan")}</p>
                </div>
                <div>
                    {qr_code(&uri, t("two-factor-qr"))}
                    <p><a href=uri>{t("two-factor-open")}</a></p>
                    <p>{t("two-factor-type")} " " <code class="key">{key}</code></p>
                </div>
            </section>
            <section class="panel" aria-labelledby="first-code">
                <div>
                    <h2 id="first-code">{t("code")}</h2>
                    <p class="lead-small">{t("two-factor-confirm-lead")}</p>
                </div>
                <ServerForm<EnableSecondFactor>>
                    <Field
                        kept=form.field("code")
                        label=t("code")
                        kind="text"
                        autocomplete="one-time-code"
                        rules=Rules::present_or(FieldProblem::CodeMissing)
                    />
                    <p class="form-actions">
                        <a class="button" href="/account/two-factor">{t("cancel")}</a>
                        <button type="submit" class="button primary">{t("two-factor-confirm")}</button>
                    </p>
                </ServerForm<EnableSecondFactor>>
            </section>
    }
}

impl Load for SetUpTwoFactorProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let state = state(request).await?;
        let viewer = request.viewer.as_ref().map(|user| user.id.clone()).unwrap_or_default();
        if state.is_enabled {
            // SECURITY: the answer to the form may have been lost. The key of an app in use is not shown again.
            request.clear(&ENROLMENT);
        }
        let begun = request.peek(&ENROLMENT).filter(|app| app.is_of(&viewer) && !state.is_enabled);
        let step = match begun {
            Some(app) => {
                let (key, uri) = (grouped(app.secret()), app.uri().to_owned());
                SetUpStep::App { key, uri, form: request.take_form() }
            }
            None => SetUpStep::Nothing(state),
        };
        Ok(Self { step })
    }
}

fn grouped(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_in_groups() {
        assert_eq!(grouped("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(grouped(""), "");
    }
}
