use std::time::SystemTime;

use ironleaf_bff::{PersonSession, PersonSessions};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::{Breadcrumb, ButtonForm};
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{EndAllSessions, EndOtherSessions, EndSession};
use crate::words::{date_time, device_name, t, t_ago, t_date_time, t_with};

/// `/account/sessions`: where the person is signed in, and the end of it.
#[component]
pub(crate) fn Sessions(known: PersonSessions) -> impl IntoView {
    let PersonSessions { sessions, is_complete } = known;
    // The session of this request is seen now, and is the first.
    let now = sessions.first().map_or(SystemTime::UNIX_EPOCH, |this| this.last_seen);
    let has_others = sessions.len() > 1;
    let entries: Vec<_> = sessions
        .into_iter()
        .enumerate()
        .map(|(number, session)| view! { <li><Entry session number now /></li> })
        .collect();
    view! {
        <Title text=t("sessions-heading") />
        <div>
            <Breadcrumb here=t("sessions") />
            <h1>{t("sessions-heading")}</h1>
            <p class="lead">{t("sessions-lead")}</p>
            {(!is_complete).then(|| view! { <p class="notice">{t("sessions-incomplete")}</p> })}
            <ul class="sessions">{entries}</ul>
            <section class="panel" aria-labelledby="end-many">
                <div>
                    <h2 id="end-many">{t("sessions-end-many")}</h2>
                    <p class="lead-small">{t("sessions-end-many-lead")}</p>
                </div>
                <div class="form-actions">
                    {has_others.then(|| view! {
                        <ButtonForm<EndOtherSessions>>
                            <button type="submit" class="button">{t("sessions-end-others")}</button>
                        </ButtonForm<EndOtherSessions>>
                    })}
                    <ButtonForm<EndAllSessions>>
                        <button type="submit" class="button danger-outline">{t("sessions-end-all")}</button>
                    </ButtonForm<EndAllSessions>>
                </div>
            </section>
            <p class="page-links"><a href="/account">{t("back-to-account")}</a></p>
        </div>
    }
}

/// One session. Equal devices have equal names, so the button is also described by the times and the address.
#[component]
fn Entry(session: PersonSession, number: usize, now: SystemTime) -> impl IntoView {
    let PersonSession { id, device, begun, last_seen, address, is_this } = session;
    let device = device_name(device);
    let (name, details) = (format!("session-{number}"), format!("session-{number}-details"));
    let (button, described_by, labelled_by) =
        (t_with("sessions-end-device", [("device", device.as_str().into())]), details.clone(), name.clone());
    let action = if is_this {
        Either::Left(view! { <p class="tags"><span>{t("sessions-this")}</span></p> })
    } else {
        Either::Right(view! {
            <ButtonForm<EndSession>>
                <input type="hidden" name="id" value=id />
                <button
                    type="submit"
                    class="button"
                    aria-label=button
                    aria-describedby=described_by
                >
                    {t("sessions-end")}
                </button>
            </ButtonForm<EndSession>>
        })
    };
    view! {
        <article class="session" aria-labelledby=labelled_by>
            <div>
                <h2 id=name>{device}</h2>
                <dl id=details>
                    <div><dt>{t("sessions-begun")}</dt><dd><time datetime=date_time(begun)>{t_date_time(begun)}</time></dd></div>
                    <div>
                        <dt>{t("sessions-last-seen")}</dt>
                        <dd><time datetime=date_time(last_seen)>{t_ago(last_seen, now)}</time></dd>
                    </div>
                    {address.map(|address| view! { <div><dt>{t("address")}</dt><dd>{address}</dd></div> })}
                </dl>
            </div>
            {action}
        </article>
    }
}

impl Load for SessionsProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        request.signed_in()?;
        Ok(Self { known: request.sessions().await? })
    }
}
