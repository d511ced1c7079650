use http::request::Parts;
use ironleaf_auth::{EmailAddress, Grant, SecretText, SignIn};

use crate::SignInFailure;
use crate::detached::run_detached;
use crate::limits::Subject;
use crate::pending_code::{PENDING_CODE, PendingCode, Waiting};
use crate::sign_in::{count, is_of};
use crate::use_case::UseCase;

/// Completes a sign-in that waits for a code in this browser, as its first step would have.
///
/// # Errors
///
/// [`SignInFailure::InvalidCredentials`] if the code is wrong: the sign-in still waits.
/// [`SignInFailure::ChallengeOver`] if none waits, or not any more. For the others, see [`SignInFailure`]. On an error the
/// session of the request stays as it was.
pub async fn sign_in_with_code(parts: &Parts, code: &str) -> Result<(), SignInFailure> {
    let mut use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let pending = use_case.flash.as_ref().and_then(|flash| flash.peek(&PENDING_CODE));
    let is_ours = |pending: &PendingCode| pending.is_of(&**use_case.bff.provider());
    let pending = pending.filter(is_ours).ok_or(SignInFailure::ChallengeOver)?;
    use_case.remember = pending.remember;
    let account = pending.waiting.account();
    let guess = use_case.admit(Subject::Code(account)).await?;
    use_case.may_sign_in(account).await?;
    let code = SecretText::from(code);
    let bff = use_case.bff.clone();
    // SECURITY: this is a guess like one at a password, see `judged`.
    let work = async move {
        let outcome = use_case.complete(&pending, code).await;
        guess.judge(&outcome).await;
        let is_over = matches!(outcome, Ok(()) | Err(SignInFailure::ChallengeOver));
        if let Some(flash) = use_case.flash.as_ref().filter(|_| is_over) {
            flash.clear(&PENDING_CODE);
        }
        outcome
    };
    run_detached(&bff, work).await.unwrap_or(Err(SignInFailure::Unavailable))
}

impl UseCase {
    async fn complete(&self, pending: &PendingCode, code: SecretText) -> Result<(), SignInFailure> {
        let PendingCode { token, waiting, .. } = pending;
        let attempt = SignIn::SecondFactor { challenge: token.clone(), code };
        let result = match self.ask(attempt, false).await {
            // SECURITY: the first step has named the person. Nobody becomes somebody else by the second one.
            Ok(unheld) if !is_for(waiting, unheld.grant()) => {
                tracing::warn!("a code has signed in another person than the first step named");
                Err(SignInFailure::InvalidCredentials)
            }
            Ok(unheld) => self.establish(unheld, None).await,
            Err(error) => Err(self.fold_sign_in(&error)),
        };
        count(result.err().map_or("signed_in", SignInFailure::label));
        result
    }
}

/// Whether the second step has signed in whom the first one named.
fn is_for(waiting: &Waiting, grant: &Grant) -> bool {
    let Waiting { email, expects_address, person } = waiting;
    let id = grant.identity.as_deref().map(|identity| identity.id.as_str());
    let has_address = || EmailAddress::parse(email).is_some_and(|email| is_of(grant, &email));
    person.as_deref().is_none_or(|person| id == Some(person)) && (!expects_address || has_address())
}

#[cfg(test)]
mod tests {
    use ironleaf_api_types::User;

    use super::*;

    #[test]
    fn a_code_signs_in_whom_the_first_step_named() {
        let grant = Grant::of(User::new("42", "a@test.com"));
        let other = Grant::of(User::new("43", "b@test.com"));
        for (expects_address, person, is_others_too) in
            [(false, None, true), (true, None, false), (false, Some("42"), false)]
        {
            let person = person.map(str::to_owned);
            let waiting = Waiting { email: "a@test.com".to_owned(), expects_address, person };
            assert!(is_for(&waiting, &grant));
            assert_eq!(is_for(&waiting, &other), is_others_too);
        }
    }
}
