//! The body of an answer: whole, decompressed and within its size limit.

use std::io::{self, Read as _};

use bytes::{Bytes, BytesMut};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::forwarder::AnswerBody;
use super::told::chain;
use crate::{Response, TransportError};

/// The answer with its whole body. The body has at most `limit` bytes, before and after decompression.
pub(super) async fn read(
    answer: http::Response<AnswerBody>,
    limit: usize,
) -> Result<Response, TransportError> {
    let (mut head, body) = answer.into_parts();
    let body = whole(body, limit).await?;
    let coding = head.headers.get(CONTENT_ENCODING).and_then(|value| Coding::read(value.as_bytes()));
    let body = match coding {
        Some(coding) => {
            head.headers.remove(CONTENT_ENCODING);
            head.headers.remove(CONTENT_LENGTH);
            coding.decoded(&body, limit)?
        }
        None => body,
    };
    Ok(Response::from_parts(head, body))
}

async fn whole(mut body: AnswerBody, limit: usize) -> Result<Bytes, TransportError> {
    let mut first = Bytes::new();
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TransportError::Interrupted(chain(&error)))?;
        // Trailers contain nothing that is used here.
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + gathered.len() + data.len() > limit {
            return Err(too_long(limit));
        }
        // Most answers are one piece, which need not be copied.
        if first.is_empty() && gathered.is_empty() {
            first = data;
            if body.is_end_stream() {
                break;
            }
        } else {
            gathered.extend_from_slice(&std::mem::take(&mut first));
            gathered.extend_from_slice(&data);
        }
    }
    Ok(if gathered.is_empty() { first } else { gathered.freeze() })
}

/// A coding of answers that come compressed although nobody asked for it (RFC 9110, section 8.4.1).
#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    /// `deflate`: the format of zlib.
    Zlib,
}

impl Coding {
    fn read(name: &[u8]) -> Option<Self> {
        match name {
            name if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => {
                Some(Self::Gzip)
            }
            name if name.eq_ignore_ascii_case(b"deflate") => Some(Self::Zlib),
            _ => None,
        }
    }

    /// SECURITY: decompression never produces more than `limit` bytes, however few came in.
    fn decoded(self, body: &[u8], limit: usize) -> Result<Bytes, TransportError> {
        if body.is_empty() {
            return Ok(Bytes::new());
        }
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut decoded = Vec::new();
        let read: io::Result<usize> = match self {
            Self::Gzip => MultiGzDecoder::new(body).take(one_more).read_to_end(&mut decoded),
            Self::Zlib => ZlibDecoder::new(body).take(one_more).read_to_end(&mut decoded),
        };
        read.map_err(|error| {
            TransportError::Interrupted(format!("the answer cannot be decompressed: {error}"))
        })?;
        if decoded.len() > limit {
            return Err(too_long(limit));
        }
        Ok(decoded.into())
    }
}

fn too_long(limit: usize) -> TransportError {
    TransportError::Interrupted(format!("the answer is longer than {limit} bytes"))
}
