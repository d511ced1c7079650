//! The pages for people: the list of calls, and the e-mails of development.

use std::fmt::Write;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    CoreApi,
    error::{ApiError, InternalError},
    mail::{self, StoredMessage, escape, percent_encode},
};

const STYLE: &str = include_str!("pages.css");

pub(super) async fn home(State(api): State<CoreApi>) -> Response {
    let mut links = String::from(
        "<li><a href=\"/v1/openapi.json\">/v1/openapi.json</a> describes every call.</li>\
         <li><a href=\"/v1/health\">/v1/health</a> says whether it is up.</li>\
         <li><a href=\"/v1/auth/jwks\">/v1/auth/jwks</a> holds the key that access tokens are signed with.</li>",
    );
    if api.config().development {
        links.push_str(
            "<li><a href=\"/outbox\">/outbox</a> shows the e-mails that were sent.</li>\
             <li><a href=\"/v1/debug/stats\">/v1/debug/stats</a> counts sign-ins and refreshes.</li>",
        );
    }
    let mut calls = String::new();
    for (method, path) in api.operations() {
        // Writing to a String does not fail.
        let _ = write!(calls, "<tr><td><code>{method}</code></td><td><code>{path}</code></td></tr>");
    }
    let application = escape(&api.config().public_origin);
    page(
        "Core API",
        &format!(
            "<p>The reference core API: accounts and rotating tokens, for development and tests.</p>\
             <ul class=\"links\">{links}</ul>\
             <table><thead><tr><th>Method</th><th>Path</th></tr></thead><tbody>{calls}</tbody></table>\
             <p class=\"quiet\">The web application is at <a href=\"{application}\">{application}</a>.</p>"
        ),
    )
}

/// A page, or the same as JSON for a script that asks for it.
pub(super) async fn outbox(State(api): State<CoreApi>, headers: HeaderMap) -> Result<Response, ApiError> {
    let messages = api.outbox().await.map_err(InternalError::Outbox)?;
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") {
        let items: Vec<Value> = messages.iter().map(StoredMessage::to_json).collect();
        return Ok(Json(serde_json::json!({ "items": items })).into_response());
    }
    let mut articles = String::new();
    if api.config().mailer.is_some() {
        articles.push_str(
            "<p class=\"quiet\" role=\"note\">E-mails go by SMTP. What is here was put here before.</p>",
        );
    }
    for message in &messages {
        article(&mut articles, message);
    }
    if messages.is_empty() {
        articles.push_str("<p class=\"quiet\">No e-mail has been sent yet.</p>");
    }
    Ok(page("Outbox", &articles))
}

/// Only the HTML part, as a mail program would show it.
pub(super) async fn outbox_message(
    State(api): State<CoreApi>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::NotFound)?;
    let stored = api.outbox_message(&name).await.map_err(InternalError::Outbox)?.ok_or(ApiError::NotFound)?;
    // SECURITY: a message is stored markup. It loads nothing and runs nothing. The style attributes that mail programs
    // need are allowed only here.
    let style = format!("style-src-elem {}; style-src-attr 'unsafe-inline'", hash_source(mail::STYLE));
    Ok(html(&style, stored.message.html))
}

fn article(html: &mut String, stored: &StoredMessage) {
    let message = &stored.message;
    // Writing to a String does not fail.
    let _ = write!(
        html,
        "<article><h2>{subject}</h2><p class=\"quiet\">to {to}, <time datetime=\"{at}\">{at}</time></p>\
         <pre>{text}</pre><p class=\"actions\"><a class=\"button\" href=\"{link}\">Open the link</a> \
         <a href=\"/outbox/{name}\">Show as HTML</a></p></article>",
        subject = escape(&message.subject),
        to = escape(&message.to),
        at = escape(&stored.sent_at),
        text = escape(&message.text),
        link = escape(&message.link),
        name = percent_encode(&stored.name),
    );
}

fn page(title: &str, content: &str) -> Response {
    let document = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Ironleaf</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head>\
         <body><header><a href=\"/\">Ironleaf core API</a></header><main><h1>{title}</h1>{content}</main></body></html>"
    );
    html(&format!("style-src {}", hash_source(STYLE)), document)
}

/// A document with a policy that allows only these styles.
fn html(style: &str, document: String) -> Response {
    let policy =
        format!("default-src 'none'; {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    let headers =
        [(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer".to_owned())];
    (headers, Html(document)).into_response()
}

/// Allows exactly this style sheet.
fn hash_source(style: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style)))
}
