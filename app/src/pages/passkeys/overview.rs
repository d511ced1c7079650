use ironleaf_bff::{Device, Passkey};
use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_meta::Title;

use super::{PASSKEY_NAME, all};
use crate::answer::Answer;
use crate::components::{Asked, Breadcrumb, ButtonForm, Field, PasskeyPart};
use crate::flashes::KeptForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{AddPasskey, BeginPasskey};
use crate::words::{date_time, device_name, t, t_date_time, t_with};

/// `/account/passkeys`: the person's passkeys, and the form that adds one.
#[component]
pub(crate) fn Passkeys(passkeys: Vec<Passkey>, device: Device, form: KeptForm) -> impl IntoView {
    let known = if passkeys.is_empty() {
        Either::Left(view! { <p>{t("passkeys-none")}</p> })
    } else {
        let entries: Vec<_> = passkeys
            .into_iter()
            .enumerate()
            .map(|(number, passkey)| view! { <li><Entry passkey number /></li> })
            .collect();
        Either::Right(view! { <ul class="sessions">{entries}</ul> })
    };
    view! {
        <Title text=t("passkeys") />
        <div>
            <Breadcrumb here=t("passkeys") />
            <h1>{t("passkeys")}</h1>
            <p class="lead">{t("passkeys-lead")}</p>
            {known}
            <section class="panel" aria-labelledby="add">
                <div>
                    <h2 id="add">{t("passkey-add-heading")}</h2>
                    <p class="lead-small">{t("passkey-add-lead")}</p>
                </div>
                <div>
                    <p class="lead-small" data-no-passkeys>{t("passkey-needs-script")}</p>
                    <Adding device form />
                </div>
            </section>
            <p class="page-links"><a href="/account">{t("back-to-account")}</a></p>
        </div>
    }
}

/// One passkey. Several may have one name, so the link is also described by the times.
#[component]
fn Entry(passkey: Passkey, number: usize) -> impl IntoView {
    let Passkey { id, name, created_at, last_used_at, is_backed_up, is_blocked } = passkey;
    let (heading, details) = (format!("passkey-{number}"), format!("passkey-{number}-details"));
    let (labelled_by, described_by) = (heading.clone(), details.clone());
    let link = t_with("passkey-change-named", [("name", name.as_str().into())]);
    let state =
        if is_blocked { Some("passkey-blocked") } else { is_backed_up.then_some("passkey-backed-up") };
    view! {
        <article class="session" aria-labelledby=labelled_by>
            <div>
                <h2 id=heading class="long">{name}</h2>
                <dl id=details>
                    <div>
                        <dt>{t("passkey-created")}</dt>
                        <dd><time datetime=date_time(created_at)>{t_date_time(created_at)}</time></dd>
                    </div>
                    <div>
                        <dt>{t("passkey-last-used")}</dt>
                        <dd>
                            {match last_used_at {
                                Some(at) => Either::Left(view! { <time datetime=date_time(at)>{t_date_time(at)}</time> }),
                                None => Either::Right(t("passkey-never-used")),
                            }}
                        </dd>
                    </div>
                </dl>
                {state.map(|state| view! { <p class="tags"><span>{t(state)}</span></p> })}
            </div>
            <a class="button" href=links::passkey(&id) aria-label=link aria-describedby=described_by>
                {t("passkey-change")}
            </a>
        </article>
    }
}

#[component]
fn Adding(device: Device, form: KeptForm) -> impl IntoView {
    view! {
        <PasskeyPart begin=BeginPasskey::PATH asked=Asked::ForNew>
            <ButtonForm<AddPasskey> once=false>
            <input type="hidden" name="state" />
            <input type="hidden" name="passkey" />
            <Field
                kept=form.field("name")
                label=t("passkey-name")
                kind="text"
                autocomplete="off"
                rules=PASSKEY_NAME
                value=device_name(device)
            />
            <p class="form-actions">
                <button type="submit" class="button primary">{t("passkey-add")}</button>
            </p>
            </ButtonForm<AddPasskey>>
        </PasskeyPart>
    }
}

impl Load for PasskeysProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let passkeys = all(request).await?;
        Ok(Self { passkeys, device: request.device(), form: request.take_form() })
    }
}
