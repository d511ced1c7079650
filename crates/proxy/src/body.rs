//! Bodies on their way: counted, watched, and kept as long as they are small.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use ironleaf_bff::ProblemKind;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::headers;

/// A request can be repeated if its body is not larger than this.
pub(crate) const HELD_BYTES: usize = 64 * 1024;

type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a request.
pub(crate) struct Upload {
    body: Body,
    progress: Arc<Progress>,
    left: u64,
}

/// What has become of an upload, for whoever waits for the answer.
pub(crate) struct Progress {
    began: Instant,
    moved_at_millis: AtomicU64,
    too_large: AtomicBool,
    broken: AtomicBool,
    awaited: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: BytesMut,
    is_partial: bool,
    is_whole: bool,
}

/// The body is larger than its route allows.
#[derive(Debug, Error)]
#[error("the body is larger than the route allows")]
struct TooLarge;

impl Upload {
    /// A body of at most `limit` bytes.
    pub(crate) fn new(body: Body, limit: u64) -> (Self, Arc<Progress>) {
        let progress = Arc::new(Progress {
            began: Instant::now(),
            moved_at_millis: AtomicU64::new(0),
            too_large: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            awaited: AtomicBool::new(false),
            held: Mutex::new(Held { is_whole: body.is_end_stream(), ..Held::default() }),
        });
        (Self { body, progress: Arc::clone(&progress), left: limit }, progress)
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.progress.awaited.store(polled.is_pending(), Ordering::Relaxed);
        let frame = ready!(polled);
        self.progress.moved();
        match frame {
            None => {
                self.progress.held().is_whole = true;
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                self.progress.broken.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(error.into())))
            }
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(left) = self.left.checked_sub(length as u64) else {
                    self.progress.too_large.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(TooLarge.into())));
                };
                self.left = left;
                self.progress.hold(&frame);
                if self.body.is_end_stream() {
                    self.progress.held().is_whole = true;
                }
                Poll::Ready(Some(Ok(cleaned(frame, headers::clean_request_trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Progress {
    /// When the last piece went on its way, or the request began.
    pub(crate) fn moved_at(&self) -> Instant {
        self.began + Duration::from_millis(self.moved_at_millis.load(Ordering::Relaxed))
    }

    /// What is wrong with the body, if anything is. Then the API is not to blame for a request without an answer.
    pub(crate) fn fault(&self) -> Option<ProblemKind> {
        if self.too_large.load(Ordering::Relaxed) {
            return Some(ProblemKind::PayloadTooLarge);
        }
        self.broken.load(Ordering::Relaxed).then_some(ProblemKind::BadRequest)
    }

    /// Whether the next piece of the body has not arrived yet, although the API would take it.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Whether the body was sent to its end, as far as somebody has asked for it.
    pub(crate) fn is_sent(&self) -> bool {
        self.held().is_whole
    }

    /// The whole body, if it was sent and is small. `None` if it cannot be sent again.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        let held = self.held();
        (held.is_whole && !held.is_partial).then(|| held.bytes.clone().freeze())
    }

    fn moved(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_at_millis.store(millis, Ordering::Relaxed);
    }

    fn hold(&self, frame: &Frame<Bytes>) {
        let mut held = self.held();
        match frame.data_ref() {
            Some(data) if held.bytes.len() + data.len() <= HELD_BYTES && !held.is_partial => {
                held.bytes.extend_from_slice(data);
            }
            // Trailers are not kept either.
            _ => *held = Held { is_partial: true, ..Held::default() },
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The piece, without fields that must not come after a body.
fn cleaned(frame: Frame<Bytes>, clean: impl FnOnce(&mut HeaderMap)) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            clean(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

pin_project_lite::pin_project! {
    /// The body of an answer. It ends with an error if nothing comes for too long, or once its session has ended.
    pub(crate) struct Download<B, E> {
        #[pin]
        body: B,
        // How long it may stand still. An event stream may stand still for ever.
        idle: Option<Duration>,
        moved_at: Instant,
        // Set once the next piece has to be waited for.
        #[pin]
        deadline: Option<Sleep>,
        #[pin]
        end: E,
        failure: Option<BoxError>,
        is_over: bool,
    }
}

/// Nothing came for too long.
#[derive(Debug, Error)]
#[error("the answer stood still for {0:?}")]
struct StoodStill(Duration);

impl<B, E> Download<B, E> {
    /// `end` completes when the answer must not go on.
    pub(crate) fn new(body: B, idle: Option<Duration>, end: E) -> Self {
        let moved_at = Instant::now();
        Self { body, idle, moved_at, deadline: None, end, failure: None, is_over: false }
    }
}

impl<B, E> http_body::Body for Download<B, E>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
    E: Future<Output = ()>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        if *this.is_over {
            return Poll::Ready(None);
        }
        if this.end.poll(context).is_ready() {
            // A stream of events has no length, so this is a proper end, and the script may ask again.
            *this.is_over = true;
            return Poll::Ready(None);
        }
        match this.body.poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                *this.moved_at = Instant::now();
                return Poll::Ready(Some(Ok(cleaned(frame, headers::clean_answer))));
            }
            Poll::Ready(None) => {
                *this.is_over = true;
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Err(failure))) => {
                // With the failure, the connection to the browser ends at once. What has come before is sent first.
                *this.is_over = true;
                *this.failure = Some(failure.into());
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Pending => {}
        }
        let Some(idle) = *this.idle else { return Poll::Pending };
        loop {
            let until = *this.moved_at + idle;
            match this.deadline.as_mut().as_pin_mut() {
                None => this.deadline.set(Some(sleep_until(until))),
                Some(deadline) => {
                    ready!(deadline.poll(context));
                    if Instant::now() >= until {
                        *this.is_over = true;
                        return Poll::Ready(Some(Err(StoodStill(idle).into())));
                    }
                    // It was set for an earlier piece.
                    this.deadline.set(None);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failure.is_none() && (self.is_over || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use http_body_util::{BodyExt as _, Channel, Full};

    use super::*;

    #[tokio::test]
    async fn a_small_body_is_kept_until_it_is_whole() {
        let (upload, progress) = Upload::new(Body::from("abc"), 3);
        assert_eq!(progress.whole(), None);
        assert_eq!(upload.collect().await.unwrap().to_bytes(), "abc");
        assert_eq!(progress.whole().unwrap(), "abc");
    }

    #[tokio::test]
    async fn a_large_body_is_sent_and_not_kept() {
        let (upload, progress) = Upload::new(Body::from(vec![0; HELD_BYTES + 1]), u64::MAX);
        assert_eq!(upload.collect().await.unwrap().to_bytes().len(), HELD_BYTES + 1);
        assert_eq!(progress.whole(), None);
    }

    #[tokio::test]
    async fn a_body_ends_at_its_limit() {
        let (upload, progress) = Upload::new(Body::from("abcd"), 3);
        assert!(upload.collect().await.is_err());
        assert_eq!((progress.fault(), progress.whole()), (Some(ProblemKind::PayloadTooLarge), None));
    }

    #[tokio::test]
    async fn whoever_stands_still_is_known() {
        let (mut sender, body) = Channel::<Bytes, BoxError>::new(1);
        let (upload, progress) = Upload::new(Body::new(body), u64::MAX);
        let mut upload = Box::pin(upload);
        assert!(!progress.is_awaited(), "nobody has asked for it yet");
        assert!(asked_once(&mut upload).await.is_pending() && progress.is_awaited());
        sender.send_data(Bytes::from_static(b"x")).await.unwrap();
        assert!(upload.frame().await.is_some() && !progress.is_awaited());
        sender.abort("the browser is gone".into());
        assert!(upload.frame().await.unwrap().is_err());
        assert_eq!(progress.fault(), Some(ProblemKind::BadRequest));
    }

    /// Asks once for the next piece.
    async fn asked_once(upload: &mut Pin<Box<Upload>>) -> Poll<()> {
        std::future::poll_fn(|context| {
            Poll::Ready(http_body::Body::poll_frame(upload.as_mut(), context).map(drop))
        })
        .await
    }

    #[tokio::test]
    async fn fields_after_a_body_are_cleaned_in_both_directions() {
        let fields = || {
            let names = ["x-checksum", "set-cookie", "cookie"];
            let pairs = names.map(|name| (http::HeaderName::from_static(name), "1".parse().unwrap()));
            Full::from("abc").with_trailers(std::future::ready(Some(Ok(HeaderMap::from_iter(pairs)))))
        };
        let (upload, progress) = Upload::new(Body::new(fields()), 3);
        let sent = upload.collect().await.unwrap();
        assert!(sent.trailers().unwrap().contains_key("x-checksum"));
        assert!(!sent.trailers().unwrap().contains_key("cookie"));
        assert_eq!(progress.whole(), None, "they would be missing in a repetition");
        let answer = Box::pin(Download::new(fields(), None, pending())).collect().await.unwrap();
        assert!(answer.trailers().unwrap().contains_key("x-checksum"));
        assert!(!answer.trailers().unwrap().contains_key("set-cookie"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_long_and_may_not_stand_still() {
        let (mut sender, body) = Channel::<Bytes, BoxError>::new(1);
        let sending = tokio::spawn(async move {
            for _ in 0..3 {
                sleep_until(Instant::now() + Duration::from_secs(8)).await;
                sender.send_data(Bytes::from_static(b"x")).await.unwrap();
            }
            sleep_until(Instant::now() + Duration::from_secs(11)).await;
        });
        let mut answer = Box::pin(Download::new(body, Some(Duration::from_secs(10)), pending()));
        for _ in 0..3 {
            assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
        }
        let error = answer.frame().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the answer stood still for 10s");
        sending.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_with_its_session() {
        let (_sender, body) = Channel::<Bytes, BoxError>::new(1);
        let end = sleep_until(Instant::now() + Duration::from_secs(5));
        let mut answer = Box::pin(Download::new(body, None, end));
        assert!(answer.frame().await.is_none());
        let whole = Box::pin(Download::new(Full::from("abc"), None, pending()));
        assert_eq!(whole.collect().await.unwrap().to_bytes(), "abc");
    }
}
