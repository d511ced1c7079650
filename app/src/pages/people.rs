//! `/admin/people`: other people, for administrators. The pages of one person are beneath.

mod deletion;
mod one_person;
mod parts;
mod query;

use ironleaf_bff::{KnownRole, PeoplePage, Person, ReturnTo};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::Breadcrumb;
use crate::links;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::{date_time, t, t_date, t_with};

pub(crate) use deletion::DeletePerson;
pub(crate) use one_person::OnePerson;
use parts::{role_name, roles_of, verification};
use query::{ORDERS, PER_PAGE, PeopleQuery};

/// `/admin/people`: everybody, searched, filtered and sorted by the query of the address.
#[component]
pub(crate) fn People(query: PeopleQuery, found: PeoplePage, roles: Vec<KnownRole>) -> impl IntoView {
    let PeoplePage { people, total } = found;
    let list = ReturnTo::parse(&query.address(query.page));
    let content = if people.is_empty() {
        Either::Left(view! { <p class="panel">{t("people-none")}</p> })
    } else {
        Either::Right(view! { <Table people list /> })
    };
    view! {
        <Title text=t("people") />
        <div>
            <Breadcrumb here=t("people") />
            <h1>{t("people")}</h1>
            <Search query=query.clone() roles />
            <p class="lead-small" role="status">{t_with("people-total", [("total", total.into())])}</p>
            {content}
            <PageLinks query total />
        </div>
    }
}

/// A form that is sent by GET, so each result has an address of its own.
#[component]
fn Search(query: PeopleQuery, roles: Vec<KnownRole>) -> impl IntoView {
    let everybody = query.role.is_none();
    let roles: Vec<_> = roles
        .into_iter()
        .map(|KnownRole { name, .. }| {
            let is_chosen = query.role.as_deref() == Some(name);
            view! { <option value=name selected=is_chosen>{role_name(name)}</option> }
        })
        .collect();
    let orders = ORDERS.map(|(order, value, words)| {
        view! { <option value=value selected=query.order == order>{t(words)}</option> }
    });
    view! {
            <form method="get" action="/admin/people" class="filters" role="search">
                <div class="field">
                    <label for="q">{t("people-search")}</label>
                    <input id="q" name="q" type="search" maxlength="100" autocomplete="off" value=query.search />
                </div>
                <div class="field">
                    <label for="role">{t("people-role")}</label>
                    <select id="role" name="role">
                        <option value="" selected=everybody>{t("people-any-role")}</option>
                        {roles}
                    </select>
                </div>
                <div class="field">
                    <label for="sort">{t("people-sort")}</label>
                    <select id="sort" name="sort">{orders}</select>
                </div>
                <button type="submit" class="button primary">{t("people-show")}</button>
            </form>
    }
}

/// `list` is the address of this list, to come back to.
#[component]
fn Table(people: Vec<Person>, list: Option<ReturnTo>) -> impl IntoView {
    let rows: Vec<_> = people.into_iter().map(|person| view! { <Row person list=list.clone() /> }).collect();
    view! {
        <div class="table-frame people">
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t("email")}</th>
                        <th scope="col">{t("people-verification")}</th>
                        <th scope="col">{t("people-roles")}</th>
                        <th scope="col">{t("people-created")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(person: Person, list: Option<ReturnTo>) -> impl IntoView {
    let Person { user, created_at, .. } = person;
    let href = links::person(&user.id, list.as_ref());
    let created = created_at.map(|at| view! { <time datetime=date_time(at)>{t_date(at)}</time> });
    view! {
        <tr>
            <th scope="row">
                <a href=href>{user.display_name().to_owned()}</a>
            </th>
            <td>{verification(&user)}</td>
            <td>{roles_of(&user)}</td>
            <td>{created}</td>
        </tr>
    }
}

#[component]
fn PageLinks(query: PeopleQuery, total: u64) -> impl IntoView {
    let last = total.div_ceil(u64::from(PER_PAGE)).max(1);
    let page = u64::from(query.page);
    let previous = (page > 1).then(|| {
        let href = query.address(u32::try_from(last.min(page - 1)).unwrap_or(1));
        view! { <a class="button" rel="prev" href=href>{t("people-previous")}</a> }
    });
    let next = (page < last).then(|| {
        let href = query.address(query.page + 1);
        view! { <a class="button" rel="next" href=href>{t("people-next")}</a> }
    });
    (last > 1 || page > 1).then(|| {
        view! {
            <nav class="form-actions page-links" aria-label=t("people-pages")>
                {previous}
                <span>{t_with("people-page", [("page", page.into()), ("last", last.into())])}</span>
                {next}
            </nav>
        }
    })
}

impl Load for PeopleProps {
    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let roles = request.known_roles();
        let query = PeopleQuery::parse(request.query(), &roles);
        let found = request.people(&query.listing()).await?;
        Ok(Self { query, found, roles })
    }
}
