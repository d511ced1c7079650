//! A form that is sent twice is answered twice, and acted upon once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::response;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::form::read_form;
use super::shared_answer::{Place, SharedAnswer};
use crate::{Bff, Problem, Wants};

/// The field that has the number of the form, see [`form_id`].
const FIELD: &str = "form_id";

/// Who double-clicks does so at once; who goes back and sends the same form again after a minute means it.
pub(super) const KEPT_FOR: Duration = Duration::from_mins(1);

/// More forms at once than any process answers. A page of a problem takes ten kilobytes, everything else one.
const MAX_KEPT: usize = 1_000;
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Answers the second of two equal forms as the first: the same answer, its cookies included, once it is there. Equal are two with the
/// same number ([`form_id`]) and the same fields, within a minute, at whichever process. While the store is away each process knows only
/// of its own. A form without a number is acted upon each time, and one that was answered with an error (400 or more) again: who tries
/// once more on the same page means it.
///
/// Without scripts nothing keeps a person from a double click. The browser breaks off the first request and shows the answer to the
/// second, which would be that of an account that exists already, or of a link that was used up.
///
/// It stands outside of the session layer, whose cookies belong to the answer. A form with a number is acted upon to its end, although
/// the connection is closed: somebody may still come for the answer.
///
/// # Security
///
/// Whoever has the answer has its session. The number is random, stands in one page alone, and is never logged; all other fields, a
/// password among them, have to be equal, too.
pub async fn answer_once<N, F>(bff: &Bff, request: Request, next: N) -> Response
where
    N: FnOnce(Request) -> F + Send + 'static,
    F: Future<Output = Response> + Send,
{
    let (parts, body) = request.into_parts();
    let form = match read_form(bff, &parts, body).await {
        Ok(form) => form,
        Err(kind) => return Problem::new(kind).into_response(),
    };
    let key = key(&parts, &form);
    let request = Request::from_parts(parts, Body::from(form));
    let Some(key) = key else { return next(request).await };
    let mut answer = match bff.answers().find_or_begin(key) {
        Found::Before(answer) => answer,
        Found::Begun(said, answer) => {
            let (shared, bff_of_task) = (SharedAnswer::new(bff, &key), bff.clone());
            let task = async move {
                let place = shared.claim().await;
                if place == Place::Taken {
                    said.send_replace(shared.of_another().await.map(Arc::new));
                    return;
                }
                let (head, body) = next(request).await.into_parts();
                // Nobody is told where it is too long to be kept: then it is a problem of ours.
                let Ok(body) = to_bytes(body, MAX_ANSWER_BYTES).await else { return };
                let is_done = !head.status.is_client_error() && !head.status.is_server_error();
                let answer = Arc::new((head, body));
                if !is_done {
                    bff_of_task.answers().forget(&key);
                }
                said.send_replace(Some(Arc::clone(&answer)));
                match place {
                    Place::Ours if is_done => shared.leave(&answer).await,
                    Place::Ours => shared.give_back().await,
                    Place::Taken | Place::Unknown => {}
                }
            };
            bff.spawn(Box::pin(task.in_current_span()));
            answer
        }
    };
    let answered = answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
    let Some(answer) = answered else {
        // Whoever had it is gone, with its process perhaps, or it is not done after a long time.
        bff.answers().forget(&key);
        return Problem::unavailable().into_response();
    };
    Response::from_parts(answer.0.clone(), Body::from(answer.1.clone()))
}

/// A new number for the forms of a page, for a hidden field with the name `form_id`: 32 hexadecimal digits. [`answer_once`] knows by it
/// that a form was sent twice. `None` where the request has not come through the layers of this crate.
pub fn form_id(parts: &Parts) -> Option<String> {
    let mut bytes = [0; 16];
    parts.extensions.get::<Bff>()?.fill_random(&mut bytes);
    Some(hex::encode(bytes))
}

/// A hash of the form.
pub(super) type Key = [u8; 32];
type Answer = Option<Arc<(response::Parts, Bytes)>>;

/// What tells equal forms. `None` for one without a number.
fn key(parts: &Parts, form: &[u8]) -> Option<Key> {
    let (_, id) = url::form_urlencoded::parse(form).find(|(name, _)| name == FIELD)?;
    if id.len() != 32 {
        return None;
    }
    let wants_json = Wants::from_headers(&parts.headers) == Wants::Json;
    let hash = Sha256::new()
        .chain_update(parts.uri.path())
        .chain_update([0, u8::from(wants_json)])
        .chain_update(form)
        .finalize();
    Some(hash.into())
}

/// The answers of the last minute.
#[derive(Default)]
pub(crate) struct Answers(Mutex<HashMap<Key, (Instant, watch::Receiver<Answer>)>>);

enum Found {
    Before(watch::Receiver<Answer>),
    Begun(watch::Sender<Answer>, watch::Receiver<Answer>),
}

impl Answers {
    fn find_or_begin(&self, key: Key) -> Found {
        let now = Instant::now();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (begun, _)| now.duration_since(*begun) < KEPT_FOR);
        if kept.len() >= MAX_KEPT
            && !kept.contains_key(&key)
            && let Some(oldest) = kept.iter().min_by_key(|(_, (begun, _))| *begun).map(|(key, _)| *key)
        {
            kept.remove(&oldest);
        }
        match kept.entry(key) {
            Entry::Occupied(found) => Found::Before(found.get().1.clone()),
            Entry::Vacant(place) => {
                let (said, answer) = watch::channel(None);
                place.insert((now, answer.clone()));
                Found::Begun(said, answer)
            }
        }
    }

    fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_new(answers: &Answers, number: usize) -> bool {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        matches!(answers.find_or_begin(key), Found::Begun(..))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_a_minute() {
        let answers = Answers::default();
        assert!(is_new(&answers, 0) && !is_new(&answers, 0) && is_new(&answers, 1));
        tokio::time::advance(KEPT_FOR).await;
        assert!(is_new(&answers, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn of_too_many_the_oldest_go() {
        let answers = Answers::default();
        for number in 0..MAX_KEPT + 2 {
            assert!(is_new(&answers, number));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(is_new(&answers, 0) && !is_new(&answers, MAX_KEPT + 1));
        assert_eq!(answers.0.lock().unwrap().len(), MAX_KEPT);
    }

    #[test]
    fn equal_forms_are_those_with_the_same_number_and_fields() {
        let id = "0123456789abcdef0123456789abcdef";
        let key_of = |path: &str, accept: &str, form: &str| {
            let request = http::Request::post(path).header("accept", accept).body(()).unwrap();
            key(&request.into_parts().0, form.as_bytes())
        };
        let form = format!("email=a&form_id={id}");
        let first = key_of("/api/register", "text/html", &form);
        assert!(first.is_some() && first == key_of("/api/register?x", "text/html", &form));
        for (path, accept, form) in [
            ("/api/update-account", "text/html", form.clone()),
            ("/api/register", "application/json", form.clone()),
            ("/api/register", "text/html", format!("email=b&form_id={id}")),
        ] {
            let other = key_of(path, accept, &form);
            assert!(other.is_some() && other != first, "{path} {accept} {form}");
        }
        for form in ["", "email=a", "email=a&form_id=", "form_id=1", &format!("form_id={id}0")] {
            assert_eq!(key_of("/api/register", "text/html", form), None, "{form}");
        }
    }
}
