//! The real router with the real core API, in process. There is one file per part of the public surface.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "http/account.rs"]
mod account;
#[path = "http/account_activity.rs"]
mod account_activity;
#[path = "http/account_changes.rs"]
mod account_changes;
#[path = "http/account_form.rs"]
mod account_form;
#[path = "http/assets.rs"]
mod assets;
#[path = "http/autocomplete.rs"]
mod autocomplete;
#[path = "http/bad_input.rs"]
mod bad_input;
#[path = "http/blocked_cookies.rs"]
mod blocked_cookies;
#[path = "http/browser.rs"]
mod browser;
#[path = "http/client_address.rs"]
mod client_address;
#[path = "http/cookies.rs"]
mod cookies;
#[path = "http/corpus.rs"]
mod corpus;
#[path = "http/ended_sessions.rs"]
mod ended_sessions;
#[path = "http/enumeration.rs"]
mod enumeration;
#[path = "http/expiry.rs"]
mod expiry;
#[path = "http/faulty_refresh.rs"]
mod faulty_refresh;
#[path = "http/front_ends.rs"]
mod front_ends;
#[path = "http/guards.rs"]
mod guards;
#[path = "http/kept_pages.rs"]
mod kept_pages;
#[path = "http/languages.rs"]
mod languages;
#[path = "http/large_sessions.rs"]
mod large_sessions;
#[path = "http/links.rs"]
mod links;
#[path = "http/log.rs"]
mod log;
#[path = "http/mail_limits.rs"]
mod mail_limits;
#[path = "http/network.rs"]
mod network;
#[path = "http/other_apis.rs"]
mod other_apis;
#[path = "http/over_a_socket.rs"]
mod over_a_socket;
#[path = "http/pages.rs"]
mod pages;
#[path = "http/parallel.rs"]
mod parallel;
#[path = "http/passkeys.rs"]
mod passkeys;
#[path = "http/passwords.rs"]
mod passwords;
#[path = "http/people.rs"]
mod people;
#[path = "http/proxied.rs"]
mod proxied;
#[path = "http/proxy.rs"]
mod proxy;
#[path = "http/rate_limits.rs"]
mod rate_limits;
#[path = "http/redirect.rs"]
mod redirect;
#[path = "http/registration.rs"]
mod registration;
#[path = "http/registry.rs"]
mod registry;
#[path = "http/remember_me.rs"]
mod remember_me;
#[path = "http/requests.rs"]
mod requests;
#[path = "http/responses.rs"]
mod responses;
#[path = "http/second_factor.rs"]
mod second_factor;
#[path = "http/security_doc.rs"]
mod security_doc;
#[path = "http/sent_twice.rs"]
mod sent_twice;
#[path = "http/session_end.rs"]
mod session_end;
#[path = "http/session_state.rs"]
mod session_state;
#[path = "http/sessions.rs"]
mod sessions;
#[path = "http/sign_in.rs"]
mod sign_in;
#[path = "http/sign_in_links.rs"]
mod sign_in_links;
#[path = "http/sign_out.rs"]
mod sign_out;
#[path = "http/socket_api.rs"]
mod socket_api;
#[path = "http/sockets.rs"]
mod sockets;
#[allow(dead_code, reason = "other packages use the rest")]
#[path = "../../crates/core-api/tests/http/support/software_passkey.rs"]
mod software_passkey;
#[path = "http/store_outage.rs"]
mod store_outage;
#[path = "http/streams.rs"]
mod streams;
#[path = "http/theme.rs"]
mod theme;
#[path = "http/two_people.rs"]
mod two_people;
#[path = "http/use_cases.rs"]
mod use_cases;
#[path = "http/words.rs"]
mod words;
#[path = "http/world.rs"]
mod world;
