//! E-mails: what they say, and the trait behind which they leave.

mod html;
mod letters;
mod life;
mod message;
mod outbox;
mod percent;
mod retries;
mod smtp;

use std::{error::Error, pin::Pin};

pub(crate) use self::{
    html::escape,
    letters::STYLE,
    outbox::{Outbox, create_private_folder},
    percent::percent_encode,
};
pub use self::{
    message::Message,
    outbox::StoredMessage,
    retries::MailRetries,
    smtp::{Sender, SenderError, SmtpMailer, SmtpServer, SmtpServerError, SmtpSetupError},
};

/// Why an e-mail was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the e-mail was not taken: {cause}")]
pub struct MailError {
    #[source]
    cause: Box<dyn Error + Send + Sync>,
    is_final: bool,
}

impl MailError {
    /// Wraps the failure of a mailer: the same message may be taken later. It is logged, so it must not quote the message.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: cause.into(), is_final: false }
    }

    /// The same for a message that is refused for good: it is not repeated until somebody has looked into it and starts
    /// the core API again (RFC 5321, section 4.2.1).
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: cause.into(), is_final: true }
    }

    /// Whether trying the same again would be in vain.
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}

/// What [`Mailer::send`] returns; boxed, so that a mailer can be a trait object.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Takes e-mails off our hands.
pub trait Mailer: Send + Sync + 'static {
    /// Resolves once the message will survive a crash. It is sent again after a failure, so it may arrive twice.
    fn send(&self, message: Message) -> Sending<'_>;
}
