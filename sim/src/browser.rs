//! A browser with one cookie jar, however many tabs: it sends requests, and what comes back is judged.

mod answer;
mod ask;
mod fetch;
mod jar;
mod person;
mod scenarios;
mod state;

pub(crate) use person::Person;
