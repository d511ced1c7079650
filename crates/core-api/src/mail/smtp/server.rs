//! The URL of a mail server.

use std::{fmt, net::IpAddr, str::FromStr};

use lettre::transport::smtp::{
    SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, authentication::Credentials, extension::ClientId,
};
use percent_encoding::percent_decode_str;
use url::Url;

/// A mail server: `smtp[s]://[user:password@]host[:port][/name][?tls=required|opportunistic|none]`.
///
/// | URL | encryption | port |
/// |---|---|---|
/// | `smtps://` | TLS from the start | 465 |
/// | `smtp://..?tls=required` | STARTTLS, or nothing is sent | 587 |
/// | `smtp://..?tls=opportunistic` | STARTTLS where the server offers it | 587 |
/// | `smtp://` or `?tls=none` | none | 25 |
///
/// The path is the name with which this machine introduces itself in `EHLO`. Neither `Debug` nor an error shows the
/// password.
#[derive(Clone)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello_name: Option<ClientId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    None,
    Opportunistic,
    Required,
    FromTheStart,
}

/// Why a URL is not that of a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpServerError {
    /// It is not a URL of this kind.
    #[error("it must be a URL such as smtps://user:password@mail.example.com or smtp://127.0.0.1:1025")]
    Shape,
    /// It has a parameter other than the encryption, or an unknown encryption.
    #[error(
        "the only question in it is ?tls=required, ?tls=opportunistic or ?tls=none, and only after smtp://"
    )]
    Encryption,
    /// It has a user name without a password, or the other way round.
    #[error("it has one of user name and password: give both, percent-encoded, or none")]
    HalfCredentials,
    /// The password would cross a network on which others can read or change it.
    #[error("its password could be sent in clear: use smtps://, or add ?tls=required")]
    PasswordInClear,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

impl SmtpServer {
    /// The host, without credentials.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for SmtpServer {
    type Err = SmtpServerError;

    fn from_str(text: &str) -> Result<Self, SmtpServerError> {
        let url = Url::parse(text).map_err(|_| SmtpServerError::Shape)?;
        let encryption = encryption(&url)?;
        let host = host(&url)?;
        let credentials = credentials(&url)?;
        let always_encrypted = matches!(encryption, Encryption::Required | Encryption::FromTheStart);
        // SECURITY: for an attacker on the network, "opportunistic" is the same as "none".
        if credentials.is_some() && !always_encrypted && !is_loopback(&host) {
            return Err(SmtpServerError::PasswordInClear);
        }
        let usual_port = match encryption {
            Encryption::None => SMTP_PORT,
            Encryption::Opportunistic | Encryption::Required => SUBMISSION_PORT,
            Encryption::FromTheStart => SUBMISSIONS_PORT,
        };
        let port = url.port().unwrap_or(usual_port);
        Ok(Self { host, port, encryption, credentials, hello_name: hello_name(&url)? })
    }
}

fn encryption(url: &Url) -> Result<Encryption, SmtpServerError> {
    let query: Vec<_> = url.query_pairs().collect();
    let tls = match query.as_slice() {
        [] => None,
        [(name, value)] if name == "tls" => Some(value.as_ref()),
        _ => return Err(SmtpServerError::Encryption),
    };
    match (url.scheme(), tls) {
        ("smtps", None) => Ok(Encryption::FromTheStart),
        ("smtp", None | Some("none")) => Ok(Encryption::None),
        ("smtp", Some("opportunistic")) => Ok(Encryption::Opportunistic),
        ("smtp", Some("required")) => Ok(Encryption::Required),
        ("smtp" | "smtps", Some(_)) => Err(SmtpServerError::Encryption),
        _ => Err(SmtpServerError::Shape),
    }
}

/// A name, or an address without the brackets that a URL puts around IPv6 addresses.
fn host(url: &Url) -> Result<String, SmtpServerError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let well_formed = is_name(host) || host.parse::<IpAddr>().is_ok();
    if well_formed && url.fragment().is_none() { Ok(host.to_owned()) } else { Err(SmtpServerError::Shape) }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpServerError> {
    let decoded =
        |text| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| SmtpServerError::Shape);
    match (url.username(), url.password().unwrap_or_default()) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(SmtpServerError::HalfCredentials),
        (user, password) => Ok(Some(Credentials::new(decoded(user)?, decoded(password)?))),
    }
}

fn hello_name(url: &Url) -> Result<Option<ClientId>, SmtpServerError> {
    let name = url.path().trim_matches('/');
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        return Err(SmtpServerError::Shape);
    }
    Ok((!name.is_empty()).then(|| ClientId::Domain(name.to_owned())))
}

/// Whether data sent there stays on this machine.
fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Result<(String, u16, Encryption, bool), SmtpServerError> {
        text.parse().map(|SmtpServer { host, port, encryption, credentials, .. }| {
            (host, port, encryption, credentials.is_some())
        })
    }

    #[test]
    fn the_scheme_and_the_question_decide_encryption_and_port() {
        let name = || "mail.example.com".to_owned();
        for (text, expected) in [
            ("smtps://mail.example.com", (name(), 465, Encryption::FromTheStart, false)),
            ("smtps://me:secret@mail.example.com:2465", (name(), 2465, Encryption::FromTheStart, true)),
            ("smtp://me:secret@mail.example.com?tls=required", (name(), 587, Encryption::Required, true)),
            ("smtp://mail.example.com/?tls=opportunistic", (name(), 587, Encryption::Opportunistic, false)),
            ("smtp://mail.example.com/app.example.com", (name(), 25, Encryption::None, false)),
            ("smtp://mail.example.com:1025?tls=none", (name(), 1025, Encryption::None, false)),
            ("smtp://me:secret@[::1]:1025", ("::1".to_owned(), 1025, Encryption::None, true)),
        ] {
            assert_eq!(server(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_password_in_clear_stays_on_this_machine() {
        for host in ["127.0.0.1", "127.8.9.10", "[::1]", "localhost"] {
            assert!(server(&format!("smtp://me:secret@{host}:1025")).is_ok(), "{host}");
        }
        for url in [
            "smtp://me:secret@mail.example.com",
            "smtp://me:secret@mail.example.com?tls=none",
            "smtp://me:secret@mail.example.com?tls=opportunistic",
            "smtp://me:secret@10.0.0.1",
            "smtp://me:secret@localhost.example.com",
            "smtp://me:secret@127.0.0.1.example.com",
            "smtp://me:secret@127.1",
        ] {
            assert_eq!(server(url), Err(SmtpServerError::PasswordInClear), "{url}");
        }
    }

    #[test]
    fn what_is_no_mail_server_is_refused_with_the_reason() {
        for (text, expected) in [
            ("mail.example.com:25", SmtpServerError::Shape),
            ("https://mail.example.com", SmtpServerError::Shape),
            ("smtp:mail.example.com", SmtpServerError::Shape),
            ("smtp://mail%20example.com", SmtpServerError::Shape),
            ("smtp://mail.example.com#tls=required", SmtpServerError::Shape),
            ("smtp://mail.example.com/a%0Db", SmtpServerError::Shape),
            ("smtps://me:%FF@mail.example.com", SmtpServerError::Shape),
            ("smtp://mail.example.com?tls=yes", SmtpServerError::Encryption),
            ("smtps://mail.example.com?tls=none", SmtpServerError::Encryption),
            ("smtp://mail.example.com?TLS=required", SmtpServerError::Encryption),
            ("smtp://mail.example.com?tls=required&tls=none", SmtpServerError::Encryption),
            ("smtps://me@mail.example.com", SmtpServerError::HalfCredentials),
            ("smtps://:secret@mail.example.com", SmtpServerError::HalfCredentials),
        ] {
            assert_eq!(server(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn the_debug_output_keeps_the_password() {
        let server: SmtpServer = "smtps://me:secret@mail.example.com".parse().unwrap();
        let shown = format!("{server:?}");
        assert!(!shown.contains("secret") && shown.contains("mail.example.com"), "{shown}");
    }
}
