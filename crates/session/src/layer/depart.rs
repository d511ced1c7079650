//! The outgoing direction: from the session to `Set-Cookie`.

use http::{
    Extensions, HeaderMap, HeaderValue, Response,
    header::{CACHE_CONTROL, SET_COOKIE},
};

use crate::{
    Advance, Flash, Identity, Left, Overtaken, OwnCacheControl, Passage, Payload, Purpose, Record, Refused,
    Session, SessionTooLarge, Tombstone,
    context::Context,
    cookie::{
        self, budget,
        chunks::{self, Present, Seat},
    },
    session::{Departure, Fate, Teller, Writing},
};

/// Why a session was not written.
enum Obstacle {
    TooLarge(SessionTooLarge),
    Overtaken,
    Ended,
}

pub(super) async fn close<P: Payload, B>(
    context: &Context,
    session: &Session<P>,
    flash: &Flash,
    present: &Present,
    response: &mut Response<B>,
) {
    let Departure { fate, ended, looked_at, leaving } = session.depart();
    let flashes = flash.depart();
    let depends = looked_at || flashes.looked_at;
    let mut left = Left::Cut;
    let (mut lines, mut session_bytes) = (Vec::new(), None);
    match fate {
        Fate::Leave => {}
        Fate::Write(writing) => match deliver(context, &writing, present).await {
            Ok(written) => {
                end(context, ended.as_deref(), true).await;
                (lines, session_bytes) = (written.lines, Some(written.header_bytes));
                left = Left::Written;
            }
            Err(obstacle) => {
                left = say(context, &writing, leaving.is_some(), &obstacle, response.extensions_mut());
            }
        },
        Fate::Remove => {
            // SECURITY: write the tombstone first. A copy of the cookie may exist after the browser has removed it.
            end(context, ended.as_deref(), false).await;
            (lines, session_bytes) = (remove(context, present), Some(0));
        }
        Fate::Discard => {
            lines = names(context, present).map(|name| removal(context, &name)).collect();
            session_bytes = Some(0);
        }
    }
    lines.splice(0..0, flash.lines(flashes.changes, session_bytes));
    let is_own = response.extensions_mut().remove::<OwnCacheControl>().is_some();
    if depends && !is_own || !lines.is_empty() {
        forbid_storing(response.headers_mut());
    }
    for line in lines {
        if let Some(value) = cookie::header_value(&line) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    tell(leaving, left);
}

/// Whoever began the session may have stopped listening.
fn tell(leaving: Option<Teller>, left: Left) {
    if let Some(teller) = leaving {
        let _ = teller.send(left);
    }
}

/// A session that is being sent: the `Set-Cookie` lines, and the bytes that it will take in the `Cookie` header.
struct Written {
    lines: Vec<String>,
    header_bytes: usize,
}

/// A session that may leave.
async fn deliver<P: Payload>(
    context: &Context,
    writing: &Writing<P>,
    present: &Present,
) -> Result<Written, Obstacle> {
    let written = write(context, &writing.record, present).map_err(Obstacle::TooLarge)?;
    match ask(context, writing).await {
        Passage::Free => Ok(written),
        Passage::Overtaken => Err(Obstacle::Overtaken),
        Passage::Ended => Err(Obstacle::Ended),
    }
}

/// Reports that a session was not written, if something is lost with it: a change of this response, or a sign-in.
fn say<P>(
    context: &Context,
    writing: &Writing<P>,
    begins: bool,
    obstacle: &Obstacle,
    extensions: &mut Extensions,
) -> Left {
    let session = writing.record.id;
    match obstacle {
        Obstacle::TooLarge(error) => {
            tracing::error!(cookie = context.cookie_name, ?session, "{error}; it was not written");
            extensions.insert(*error);
            return Left::TooLarge;
        }
        Obstacle::Ended | Obstacle::Overtaken if begins => {
            tracing::warn!(?session, "{Refused}");
            extensions.insert(Refused);
        }
        Obstacle::Overtaken if writing.is_change => {
            tracing::warn!(?session, "{Overtaken}");
            extensions.insert(Overtaken);
        }
        Obstacle::Ended | Obstacle::Overtaken => {}
    }
    Left::Refused
}

/// Whether a cookie with this record may be sent. It may not if the session has ended meanwhile, if a newer rotation is
/// known, or if another change of the same rotation has left. If the ledger does not answer, the cookie is sent,
/// because its rotation may exist nowhere else.
async fn ask<P>(context: &Context, writing: &Writing<P>) -> Passage {
    let Some(ledger) = &context.ledger else {
        return Passage::Free;
    };
    let Writing { record, origin, arrived_at, .. } = writing;
    let advance = Advance {
        rotation: record.rotation,
        origin: *origin,
        arrived_at: *arrived_at,
        keep_until: context.remember_until(record),
    };
    ledger.advance(&Identity::from(&**record), &advance).await.unwrap_or_else(|error| {
        tracing::warn!(session = ?record.id, "{error}; the cookie is written unchecked");
        Passage::Free
    })
}

/// Ends a session that was replaced or destroyed, if there is a ledger. A failure fails neither sign-in nor sign-out.
async fn end<P>(context: &Context, ended: Option<&Record<P>>, is_replaced: bool) {
    let Some((ledger, record)) = context.ledger.as_ref().zip(ended) else {
        return;
    };
    let Record { id, owner, created_at, .. } = *record;
    let tombstone = Tombstone::Session { id, owner, created_at, is_replaced };
    if let Err(error) = ledger.end(&tombstone, context.remember_until(record)).await {
        tracing::error!(session = ?record.id, "{error}; copies of the ended session stay valid until they expire");
    }
}

/// The lines that set the session's cookies and remove its outdated ones.
fn write<P: Payload>(
    context: &Context,
    record: &Record<P>,
    present: &Present,
) -> Result<Written, SessionTooLarge> {
    let now = context.now();
    let sealed = context.sealer.seal(Purpose::Cookie, &context.cookie_name, &record.encode(now));
    let seat = Seat::of(record.payload.is_provisional());
    let pairs = budget::pairs(context, seat, sealed)?;
    let secure = context.settings.secure;
    let max_age = context.max_age(record, now);
    let stale = names(context, present).filter(|name| pairs.iter().all(|(written, _)| written != name));
    let mut lines: Vec<String> = stale.map(|name| cookie::removal(&name, secure)).collect();
    lines.extend(pairs.iter().map(|(name, value)| cookie::set_cookie(name, value, secure, max_age)));
    Ok(Written { lines, header_bytes: chunks::header_bytes(&pairs) })
}

/// The lines that remove the session's cookie and every chunk of it that the browser sent.
fn remove(context: &Context, present: &Present) -> Vec<String> {
    let mut names: Vec<String> = names(context, present).collect();
    if !present.whole {
        names.push(context.cookie_name.clone());
    }
    names.iter().map(|name| removal(context, name)).collect()
}

fn removal(context: &Context, name: &str) -> String {
    cookie::removal(name, context.settings.secure)
}

fn names(context: &Context, present: &Present) -> impl Iterator<Item = String> {
    let whole = present.whole.then(|| context.cookie_name.clone());
    let chunks = present.chunks.iter().map(|index| format!("{}.{index}", context.cookie_name));
    whole.into_iter().chain(chunks)
}

/// RFC 9111, section 5.2.2.5. An existing directive that already forbids storing stays unchanged.
fn forbid_storing(headers: &mut HeaderMap) {
    let forbids = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-store"))
    };
    if !headers.get_all(CACHE_CONTROL).iter().any(forbids) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
