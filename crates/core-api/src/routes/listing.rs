//! The queries of `GET /v1/user/users` and of the activity.

use std::{collections::HashMap, ops::RangeInclusive};

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;

use crate::{
    CoreApi,
    error::{ApiError, Issue},
    users::{Listing, OrderBy, Role},
    validation::unknown_option,
};

const PER_PAGE: u32 = 20;
/// No limit of the original was found; 500 is in use.
const PER_PAGE_LIMIT: u32 = 1000;

/// The query as it arrived. A handler that has authorized the person reads the [`listing`](Self::listing) from it.
pub(super) struct ListingQuery {
    values: HashMap<String, String>,
    issues: Vec<Issue>,
}

impl FromRequestParts<CoreApi> for ListingQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &CoreApi) -> Result<Self, ApiError> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, api).await;
        let issue = Issue { path: None, message: "Malformed query".into(), code: "invalid_format" };
        let Query(values) = query.map_err(|_| ApiError::Validation(vec![issue]))?;
        Ok(Self { values, issues: Vec::new() })
    }
}

/// How many events are shown, of the newest ones.
const EVENTS: u32 = 50;
const EVENTS_LIMIT: u32 = 200;

/// The limit of `GET /v1/user/users/current/activity`.
pub(super) fn activity_limit(mut query: ListingQuery) -> Result<u32, ApiError> {
    let limit = query.number("limit", 1..=EVENTS_LIMIT).unwrap_or(EVENTS);
    if query.issues.is_empty() { Ok(limit) } else { Err(ApiError::Validation(query.issues)) }
}

impl ListingQuery {
    pub(super) fn listing(mut self) -> Result<Listing, ApiError> {
        let listing = Listing {
            page: self.number("page", 0..=u32::MAX).unwrap_or(1),
            per_page: self.number("perPage", 1..=PER_PAGE_LIMIT).unwrap_or(PER_PAGE),
            search: self.text("q"),
            role: self.option("role", &[("ADMIN", Role::Admin), ("VERIFIED_USER", Role::VerifiedUser)]),
            order_by: self
                .option(
                    "orderBy",
                    &[
                        ("createdAt", OrderBy::CreatedAt),
                        ("updatedAt", OrderBy::UpdatedAt),
                        ("email", OrderBy::Email),
                    ],
                )
                .unwrap_or(OrderBy::UpdatedAt),
            descending: self
                .option("order", &[("ASC", false), ("DESC", true), ("asc", false), ("desc", true)])
                .unwrap_or(true),
        };
        if self.issues.is_empty() { Ok(listing) } else { Err(ApiError::Validation(self.issues)) }
    }

    /// An empty parameter counts as absent, because forms send those.
    fn text(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).filter(|text| !text.is_empty())
    }

    fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let number = self.text(name)?.parse::<u32>();
        let (least, most) = (range.start(), range.end());
        let (message, code) = match number {
            Ok(number) if number < *least => {
                (format!("Too small: expected number to be >={least}"), "too_small")
            }
            Ok(number) if number > *most => (format!("Too big: expected number to be <={most}"), "too_big"),
            Ok(number) => return Some(number),
            Err(_) => ("Invalid input: expected a whole number".to_owned(), "invalid_type"),
        };
        self.issues.push(Issue { path: Some(name), message: message.into(), code });
        None
    }

    fn option<T: Copy>(&mut self, name: &'static str, options: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let chosen = options.iter().find(|(option, _)| *option == text).map(|(_, value)| *value);
        if chosen.is_none() {
            let names: Vec<&str> = options.iter().map(|(option, _)| *option).collect();
            self.issues.push(unknown_option(name, &names));
        }
        chosen
    }
}
