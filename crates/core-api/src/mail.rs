//! E-mails: their content, and the trait that sends them.

mod html;
mod letters;
mod life;
mod message;
mod notices;
mod outbox;
mod percent;
mod retries;
mod smtp;

use std::{error::Error, pin::Pin};

pub(crate) use self::{
    html::escape,
    letters::STYLE,
    notices::{Happening, Topic},
    outbox::{Outbox, create_private_folder},
    percent::percent_encode,
};
pub use self::{
    message::Message,
    outbox::StoredMessage,
    retries::MailRetries,
    smtp::{Sender, SenderError, SmtpMailer, SmtpServer, SmtpServerError, SmtpSetupError},
};

/// Why an e-mail was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("the e-mail was not taken: {cause}")]
pub struct MailError {
    #[source]
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
}

impl MailError {
    /// Wraps the failure of a mailer. The same message may be accepted later. The error is logged, so it must not quote
    /// the message.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: cause.into(), is_final: false }
    }

    /// The same for a message that is refused permanently. It is not tried again until somebody has looked into it and
    /// restarts the core API (RFC 5321, section 4.2.1).
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: cause.into(), is_final: true }
    }

    /// Whether another try would be useless.
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}

/// The result of [`Mailer::send`], boxed so that a mailer can be a trait object.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Sends e-mails.
pub trait Mailer: Send + Sync + 'static {
    /// Resolves once the message will survive a crash. It is sent again after a failure, so it may arrive twice.
    fn send(&self, message: Message) -> Sending<'_>;
}
