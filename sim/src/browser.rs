//! A browser with one cookie jar and any number of tabs. It sends requests, and judges the answers.

mod answer;
mod ask;
mod fetch;
mod guests;
mod jar;
mod person;
mod received;
mod redirect;
mod scenarios;
mod state;

pub(crate) use answer::Answer;
pub(crate) use ask::{Ask, What};
pub(crate) use person::Person;
pub(crate) use state::Browser;
