use std::time::SystemTime;

use ironleaf_bff::{KnownRole, Person, ReturnTo, Role};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::parts::{PersonBreadcrumb, SeenFields, role_name, roles_of, verification};
use crate::answer::Answer;
use crate::components::ButtonForm;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::server_fns::{ResendVerificationOf, SetRole};
use crate::words::{date_time, t, t_date_time, t_with};

/// `/admin/people/:id`: somebody's account, and what an administrator can change of it. `list` is the list that the
/// administrator came from.
#[component]
pub(crate) fn OnePerson(
    person: Person,
    roles: Vec<KnownRole>,
    is_own: bool,
    list: Option<ReturnTo>,
) -> impl IntoView {
    let name = person.user.display_name().to_owned();
    let delete = links::delete_person(&person.user.id, list.as_ref());
    view! {
        <Title text=t("person") />
        <div>
            <PersonBreadcrumb list=links::people(list.as_ref()) />
            <h1 class="long">{name}</h1>
            <Facts person=person.clone() />
            <Roles person=person.clone() roles is_own list=list.clone() />
            <Verification person list />
            <Deletion delete is_own />
        </div>
    }
}

#[component]
fn Facts(person: Person) -> impl IntoView {
    let Person { user, created_at, updated_at, .. } = person;
    let time = |label, at: Option<SystemTime>| {
        at.map(|at| {
            view! { <dt>{t(label)}</dt><dd><time datetime=date_time(at)>{t_date_time(at)}</time></dd> }
        })
    };
    view! {
        <section class="panel" aria-labelledby="facts">
            <h2 id="facts">{t("person-account")}</h2>
            <dl class="identity">
                {user.email.map(|email| view! { <dt>{t("email")}</dt><dd>{email}</dd> })}
                <dt>{t("account-identifier")}</dt>
                <dd>{user.id}</dd>
                {time("people-created", created_at)}
                {time("person-changed", updated_at)}
            </dl>
        </section>
    }
}

#[component]
fn Roles(person: Person, roles: Vec<KnownRole>, is_own: bool, list: Option<ReturnTo>) -> impl IntoView {
    let Person { user, version, .. } = person;
    let given = roles.into_iter().filter(|role| role.is_given);
    let forms: Vec<_> = given
        .map(|KnownRole { name, .. }| {
            let is_held = user.has_role(name);
            if is_own && name == Role::ADMIN {
                return Either::Left(view! { <p>{t("person-own-role")}</p> });
            }
            let (id, version, list) = (user.id.clone(), version.clone(), list.clone());
            Either::Right(view! { <RoleForm id version role=name is_held list /> })
        })
        .collect();
    view! {
        <section class="panel" aria-labelledby="roles">
            <div>
                <h2 id="roles">{t("people-roles")}</h2>
                <p class="lead-small">{t("person-roles-lead")}</p>
            </div>
            <div class="stack">
                {roles_of(&user)}
                {forms}
            </div>
        </section>
    }
}

#[component]
fn RoleForm(
    id: String,
    version: String,
    role: &'static str,
    is_held: bool,
    list: Option<ReturnTo>,
) -> impl IntoView {
    let (words, class) =
        if is_held { ("person-take-role", "button danger-outline") } else { ("person-give-role", "button") };
    view! {
        <ButtonForm<SetRole> return_to=list>
            <SeenFields id version />
            <input type="hidden" name="role" value=role />
            <input type="hidden" name="held" value=if is_held { "false" } else { "true" } />
            <p class="form-actions">
                <button type="submit" class=class>
                    {t_with(words, [("role", role_name(role).into())])}
                </button>
            </p>
        </ButtonForm<SetRole>>
    }
}

#[component]
fn Verification(person: Person, list: Option<ReturnTo>) -> impl IntoView {
    let Person { user, version, .. } = person;
    let state = verification(&user);
    let waiting = user.unverified_email.clone().map(|email| {
        view! {
            <p class="long">{t_with("person-waiting", [("email", email.into())])}</p>
            <ButtonForm<ResendVerificationOf> return_to=list>
                <SeenFields id=user.id.clone() version />
                <p class="form-actions">
                    <button type="submit" class="button">
                        {t("person-resend")}
                    </button>
                </p>
            </ButtonForm<ResendVerificationOf>>
        }
    });
    view! {
        <section class="panel" aria-labelledby="verification">
            <div>
                <h2 id="verification">{t("account-verification")}</h2>
                <p class="lead-small">{t("person-verification-lead")}</p>
            </div>
            <div class="stack">
                <p>
                    <strong>{state}</strong>
                </p>
                {waiting}
            </div>
        </section>
    }
}

/// The way to the page that asks first. Nobody deletes themselves here.
#[component]
fn Deletion(delete: String, is_own: bool) -> impl IntoView {
    let action = if is_own {
        Either::Left(view! {
            <p>
                {t("person-own-account")}
                " "
                <a href="/account">{t("back-to-account")}</a>
            </p>
        })
    } else {
        Either::Right(view! {
            <p class="form-actions">
                <a class="button danger-outline" href=delete>{t("delete-account")}</a>
            </p>
        })
    };
    view! {
        <section class="panel danger-zone" aria-labelledby="deletion">
            <div>
                <h2 id="deletion">{t("person-deletion")}</h2>
                <p class="lead-small">{t("person-deletion-lead")}</p>
            </div>
            {action}
        </section>
    }
}

impl Load for OnePersonProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let person = request.person().await?;
        let is_own = request.viewer.as_ref().is_some_and(|viewer| viewer.id == person.user.id);
        Ok(Self { roles: request.known_roles(), is_own, list: request.list_of_people(), person })
    }
}
