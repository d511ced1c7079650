use std::sync::{Arc, OnceLock};

use http::request::Parts;
use ironleaf_auth::{AccountError, Caller, EmailAddress, SignIn};
use ironleaf_session::Flash;
use tokio::time::{Instant, timeout_at};

use crate::ended_session::tidy_up;
use crate::limits::{
    Attempt, KNOWN_DEVICE, KnownDevice, Mail, Mailing, NoMail, Origin, Spent, Subject, TooMany, pseudonym,
};
use crate::request_context::{caller, live_session};
use crate::sign_in_mark::Traces;
use crate::{Bff, Remember, Session};

/// The request of a use case, with one deadline for all its calls upstream.
#[derive(Clone)]
pub(crate) struct UseCase {
    pub(crate) bff: Bff,
    pub(crate) session: Session,
    pub(crate) caller: Caller,
    pub(crate) flash: Option<Flash>,
    pub(crate) deadline: Instant,
    /// What the person who signs in has said about being remembered, if they were asked.
    pub(crate) remember: Option<Remember>,
    /// Of the browser, once it is needed.
    device_id: Arc<OnceLock<[u8; 16]>>,
}

impl UseCase {
    /// `None`, with a log line, if the request did not pass the layers of this crate.
    pub(crate) fn from_parts(parts: &Parts) -> Option<Self> {
        let (bff, session) = live_session(parts)?;
        tidy_up(&bff, &session, &parts.extensions);
        let deadline = Instant::now() + bff.sign_in_timeout();
        let flash = parts.extensions.get().cloned();
        let device_id = Arc::default();
        Some(Self { bff, session, caller: caller(parts), flash, deadline, remember: None, device_id })
    }

    /// Signs in, if at all, as the person has said about being remembered.
    pub(crate) fn remembering(self, remember: Remember) -> Self {
        Self { remember: Some(remember), ..self }
    }

    /// Lets a guess begin, or says how long to wait first.
    pub(crate) async fn admit(&self, subject: Subject<'_>) -> Result<Attempt, TooMany> {
        self.bff.limits().admit(subject, &self.origin(), self.deadline).await
    }

    /// Does the same for an action that counts whatever its outcome. It is under way until the returned value is
    /// dropped.
    pub(crate) async fn spend(&self, subject: Subject<'_>) -> Result<Spent, TooMany> {
        self.bff.limits().spend(subject, &self.origin(), self.deadline).await
    }

    /// Whether this e-mail may be sent. It is counted for its address once it has been sent.
    pub(crate) async fn may_mail(&self, mail: Mail<'_>) -> Result<Mailing, NoMail> {
        self.bff.limits().may_mail(mail, &self.origin()).await
    }

    /// Does the same for an e-mail that is sent right after. It is counted now.
    pub(crate) async fn mail(&self, mail: Mail<'_>) -> Result<(), NoMail> {
        self.bff.limits().mail(mail, &self.origin()).await
    }

    /// From here on, this browser is known, and known to the account with this address.
    pub(crate) fn remember_device(&self, address: Option<&str>) {
        let Some(flash) = &self.flash else { return };
        let device = self.device().unwrap_or_else(|| KnownDevice::new(self.device_id()));
        let device = match address {
            Some(address) => device.with(EmailAddress::of_record(address).as_str()),
            None => device,
        };
        flash.set(&KNOWN_DEVICE, &device);
    }

    /// By what other requests of this browser are recognised.
    pub(crate) fn traces(&self) -> Traces {
        Traces::of(self.session.came_with().as_deref(), self.flash.as_ref())
    }

    /// The caller of a sign-in. An API that tells people about new browsers must recognise this one the next time. So the
    /// identifier is chosen before the sign-in, and kept after it.
    pub(crate) fn caller_of(&self, attempt: &SignIn) -> Caller {
        let is_known_later = matches!(
            attempt,
            SignIn::Password { .. }
                | SignIn::OneTimeToken { .. }
                | SignIn::SecondFactor { .. }
                | SignIn::Passkey { .. }
        );
        let device = if is_known_later && self.flash.is_some() { pseudonym(&self.device_id()) } else { None };
        Caller { device, ..self.caller.clone() }
    }

    fn device_id(&self) -> [u8; 16] {
        *self.device_id.get_or_init(|| {
            if let Some(device) = self.device() {
                return *device.id();
            }
            let mut id = [0; 16];
            self.bff.fill_random(&mut id);
            id
        })
    }

    fn origin(&self) -> Origin {
        Origin { address: self.caller.client_ip, device: self.device() }
    }

    fn device(&self) -> Option<KnownDevice> {
        self.flash.as_ref()?.peek(&KNOWN_DEVICE)
    }

    pub(crate) async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, AccountError>>,
    ) -> Result<T, AccountError> {
        let answered = timeout_at(self.deadline, asked).await;
        answered.unwrap_or_else(|_| Err(AccountError::Unavailable("it took too long".to_owned())))
    }
}
