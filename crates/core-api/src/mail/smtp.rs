//! The mailer with a mail server: each message is sent at once, as plain text and HTML.

mod sender;
mod server;

use std::{io, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        PoolConfig,
        client::{Tls, TlsParameters},
        response::{Code, Severity},
    },
};
use tokio::{sync::Semaphore, time};

use self::server::Encryption;
pub use self::{
    sender::{Sender, SenderError},
    server::{SmtpServer, SmtpServerError},
};
use super::{MailError, Mailer, Message, Sending};
use crate::config::{Clock, Random};

/// The time limit for one message, from the connection until the server confirms it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Mail servers limit connections, and more of them would not be faster.
const CONNECTIONS: u32 = 2;

/// The certificates of this machine cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct SmtpSetupError(#[source] lettre::transport::smtp::Error);

/// Sends e-mails by SMTP. Connections are kept for a minute.
///
/// # Security
///
/// Errors contain only the code of a server's answer: some servers quote what they refuse, and a message contains a
/// valid link.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    turns: Semaphore,
    timeout: Duration,
    clock: Clock,
    random: Random,
}

/// Why a message was not sent. No error quotes the message, the password or the server.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("it cannot be put into the form of an e-mail: {0}")]
    Composition(#[from] lettre::error::Error),
    #[error("no mail server takes its address")]
    Recipient,
    #[error("the mail server did not take it within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("the mail server refused it with code {0}")]
    Refused(Code),
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
    #[error("no TLS connection to the mail server can be made")]
    Tls,
    #[error(
        "the mail server does not offer what is needed: TLS, a way to sign in, or addresses of any script (SMTPUTF8)"
    )]
    Unable,
    #[error("the mail server does not speak SMTP as it should")]
    Protocol,
}

impl SendError {
    fn is_final(&self) -> bool {
        match self {
            Self::Composition(_) | Self::Recipient => true,
            Self::Refused(code) => code.severity == Severity::PermanentNegativeCompletion,
            _ => false,
        }
    }
}

impl From<lettre::transport::smtp::Error> for SendError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        if let Some(code) = error.status() {
            Self::Refused(code)
        } else if error.is_tls() {
            Self::Tls
        } else if error.is_client() {
            Self::Unable
        } else if error.is_response() {
            Self::Protocol
        } else {
            Self::Unreachable(io_cause(&error).unwrap_or_else(|| "the connection is lost".to_owned()))
        }
    }
}

/// The error of the operating system or of TLS: a refused connection, or an untrusted certificate.
fn io_cause(error: &lettre::transport::smtp::Error) -> Option<String> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.into_iter().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::to_string)
}

impl From<SendError> for MailError {
    fn from(error: SendError) -> Self {
        if error.is_final() { Self::refused(error) } else { Self::new(error) }
    }
}

impl SmtpMailer {
    /// Connects at the first message, not before. A sender without a name gets the application's name.
    ///
    /// # Errors
    ///
    /// If the certificates of this machine cannot be used.
    pub fn new(
        server: &SmtpServer,
        sender: &Sender,
        app_name: &str,
        clock: Clock,
        random: Random,
    ) -> Result<Self, SmtpSetupError> {
        Ok(Self {
            transport: transport(server).map_err(SmtpSetupError)?,
            from: sender.named(app_name),
            turns: Semaphore::new(CONNECTIONS as usize),
            timeout: TIMEOUT,
            clock,
            random,
        })
    }

    /// Waits this long instead of half a minute.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn compose(&self, message: Message) -> Result<lettre::Message, SendError> {
        let Message { to, subject, text, html, .. } = message;
        let to = to.parse().map_err(|_| SendError::Recipient)?;
        let mut unique = [0; 32];
        (self.random)(&mut unique);
        let (id, boundary) = unique.split_at(16);
        let parts = MultiPart::alternative()
            .boundary(hex::encode(boundary))
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(html));
        Ok(lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date((self.clock)())
            .message_id(Some(format!("<{}@{}>", hex::encode(id), self.from.email.domain())))
            // RFC 3834: no automatic reply is sent to it.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(parts)?)
    }

    async fn send_in_turn(&self, message: lettre::Message) -> Result<(), SendError> {
        // The semaphore is never closed; if it were, there would be no turn to wait for.
        let _turn = self.turns.acquire().await;
        let sent = time::timeout(self.timeout, self.transport.send(message)).await;
        sent.map_err(|_| SendError::Timeout(self.timeout))??;
        Ok(())
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            let message = self.compose(message)?;
            Ok(self.send_in_turn(message).await?)
        })
    }
}

fn transport(
    server: &SmtpServer,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
    let certificates = || TlsParameters::new(server.host.clone());
    let tls = match server.encryption {
        Encryption::None => Tls::None,
        Encryption::Opportunistic => Tls::Opportunistic(certificates()?),
        Encryption::Required => Tls::Required(certificates()?),
        Encryption::FromTheStart => Tls::Wrapper(certificates()?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
        .port(server.port)
        .tls(tls)
        .pool_config(PoolConfig::new().max_size(CONNECTIONS));
    if let Some(credentials) = &server.credentials {
        builder = builder.credentials(credentials.clone());
    }
    if let Some(name) = &server.hello_name {
        builder = builder.hello_name(name.clone());
    }
    Ok(builder.build())
}
