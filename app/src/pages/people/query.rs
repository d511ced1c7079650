use ironleaf_bff::{KnownRole, PeopleListing, PeopleOrder};

/// How many people are on a page.
pub(super) const PER_PAGE: u32 = 20;

/// Longer than what anybody searches for.
const MAX_SEARCH_CHARS: usize = 100;

/// Each order with its value in the address, and its words. The first one is that of an address without any.
pub(super) const ORDERS: [(PeopleOrder, &str, &str); 5] = [
    (PeopleOrder::Newest, "newest", "people-newest"),
    (PeopleOrder::Oldest, "oldest", "people-oldest"),
    (PeopleOrder::LastChanged, "changed", "people-changed"),
    (PeopleOrder::Email, "email", "people-by-email"),
    (PeopleOrder::EmailBackwards, "email-backwards", "people-by-email-backwards"),
];

/// What the query of the address asks for. Anybody can type an address: what makes no sense is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeopleQuery {
    pub(super) search: String,
    pub(super) role: Option<String>,
    pub(super) order: PeopleOrder,
    /// From 1.
    pub(super) page: u32,
}

impl PeopleQuery {
    pub(super) fn parse(query: &str, roles: &[KnownRole]) -> Self {
        let field = |name: &str| {
            let mut fields = url::form_urlencoded::parse(query.as_bytes());
            fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let (sort, role) = (field("sort"), field("role"));
        let order = ORDERS.into_iter().find(|(_, value, _)| *value == sort);
        Self {
            search: field("q").trim().chars().take(MAX_SEARCH_CHARS).collect(),
            role: roles.iter().any(|known| known.name == role).then_some(role),
            order: order.map(|(order, _, _)| order).unwrap_or_default(),
            page: field("page").parse().unwrap_or(1).max(1),
        }
    }

    pub(super) fn listing(&self) -> PeopleListing {
        PeopleListing {
            search: Some(self.search.clone()).filter(|search| !search.is_empty()),
            role: self.role.clone(),
            order: self.order,
            page: self.page,
            per_page: PER_PAGE,
        }
    }

    /// The address of one of its pages.
    pub(super) fn address(&self, page: u32) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(role) = &self.role {
            query.append_pair("role", role);
        }
        if let Some((_, sort, _)) = ORDERS[1..].iter().find(|(order, _, _)| *order == self.order) {
            query.append_pair("sort", sort);
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        match query.finish() {
            query if query.is_empty() => "/admin/people".to_owned(),
            query => format!("/admin/people?{query}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [KnownRole; 1] = [KnownRole { name: "ADMIN", is_given: true }];

    fn parsed(query: &str) -> PeopleQuery {
        PeopleQuery::parse(query, &ROLES)
    }

    #[test]
    fn an_address_leads_to_the_same_list_again() {
        for query in [
            "",
            "q=ada%40test.com",
            "q=a%26b+c&role=ADMIN",
            "sort=email",
            "role=ADMIN&sort=oldest&page=3",
            "page=4294967295",
        ] {
            let address = parsed(query).address(parsed(query).page);
            let (path, again) = address.split_once('?').unwrap_or((&address, ""));
            assert_eq!((path, again), ("/admin/people", query));
            assert_eq!(parsed(again), parsed(query));
        }
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let plain = parsed("");
        for query in [
            "role=admin",
            "role=ROOT",
            "sort=password",
            "page=0",
            "page=-1",
            "page=x",
            "page=99999999999999999999",
            "q=+%20",
            "order=DESC&perPage=100000",
            "%ff=%ff&&=",
        ] {
            assert_eq!(parsed(query), plain, "{query}");
        }
        assert_eq!(parsed(&format!("q={}", "\u{e4}".repeat(500))).search.chars().count(), MAX_SEARCH_CHARS);
        assert_eq!(parsed("q=a&q=b").search, "a");
    }
}
