//! A mailer that tells the test about each attempt.

use ironleaf_core_api::{Mailer, Message, Sending, SmtpMailer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) struct Attempt {
    pub(crate) message: Message,
    /// The failure as text, and whether it is permanent.
    pub(crate) outcome: Result<(), (String, bool)>,
}

pub(crate) struct Watched {
    mailer: SmtpMailer,
    attempts: UnboundedSender<Attempt>,
}

impl Watched {
    pub(crate) fn new(mailer: SmtpMailer) -> (Self, UnboundedReceiver<Attempt>) {
        let (attempts, watched) = unbounded_channel();
        (Self { mailer, attempts }, watched)
    }
}

impl Mailer for Watched {
    fn send(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            let result = self.mailer.send(message.clone()).await;
            let outcome = match &result {
                Ok(()) => Ok(()),
                Err(error) => Err((error.to_string(), error.is_final())),
            };
            // A test that has seen enough stops looking.
            let _ = self.attempts.send(Attempt { message, outcome });
            result
        })
    }
}
