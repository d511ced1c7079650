//! The way out: from the session to `Set-Cookie`.

use http::{
    HeaderMap, HeaderValue, Response,
    header::{CACHE_CONTROL, SET_COOKIE},
};

use crate::{
    Flash, Identity, Payload, Purpose, Record, Session, SessionTooLarge, Standing, Tombstone,
    context::Context,
    cookie::{
        self,
        chunks::{self, Pair, Present},
    },
    sealer::sealed_length,
    session::Fate,
};

pub(super) async fn close<P: Payload, B>(
    context: &Context,
    session: &Session<P>,
    flash: &Flash,
    present: &Present,
    response: &mut Response<B>,
) {
    let departure = session.depart();
    let flashes = flash.depart();
    let depends = departure.looked_at || flashes.looked_at;
    let mut lines = flashes.lines;
    match departure.fate {
        Fate::Leave => {}
        Fate::Write(record) => match write(context, &record, present) {
            Ok(written) if may_leave(context, &record).await => {
                end(context, departure.ended.as_deref()).await;
                lines.extend(written);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(cookie = context.cookie_name, session = ?record.id, "{error}; it was not written");
                response.extensions_mut().insert(error);
            }
        },
        Fate::Remove => {
            // SECURITY: the tombstone first: a cookie that is gone from the browser may still exist as a copy.
            end(context, departure.ended.as_deref()).await;
            lines.extend(remove(context, present));
        }
    }
    if depends || !lines.is_empty() {
        forbid_storing(response.headers_mut());
    }
    for line in lines {
        if let Some(value) = cookie::header_value(&line) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

/// Whether a cookie with this record may be sent: not if the session ended meanwhile, nor if a newer rotation of it
/// is known. Without an answer it is sent, because the rotation in it may exist nowhere else.
async fn may_leave<P>(context: &Context, record: &Record<P>) -> bool {
    let Some(ledger) = &context.ledger else {
        return true;
    };
    let identity = Identity::from(record);
    match ledger.advance(&identity, record.rotation, context.remember_until(record)).await {
        Ok(Standing::Live { rotation }) => rotation <= record.rotation,
        Ok(Standing::Ended) => false,
        Err(error) => {
            tracing::warn!(session = ?record.id, "{error}; the cookie is written unchecked");
            true
        }
    }
}

/// Ends a session that was replaced or destroyed, where there is a ledger. A failure fails neither sign-in nor
/// sign-out.
async fn end<P>(context: &Context, ended: Option<&Record<P>>) {
    let Some((ledger, record)) = context.ledger.as_ref().zip(ended) else {
        return;
    };
    let tombstone = Tombstone::Session(record.id);
    if let Err(error) = ledger.end(&tombstone, context.remember_until(record)).await {
        tracing::error!(session = ?record.id, "{error}; copies of the ended session stay valid until they expire");
    }
}

/// Whether a session of so many bytes fits the header budget.
pub(crate) fn fits(context: &Context, plaintext_bytes: usize) -> Result<(), SessionTooLarge> {
    // Only lengths count, so there is no need to seal.
    pairs(context, "x".repeat(sealed_length(plaintext_bytes))).map(drop)
}

/// The lines that set the session's cookies and remove those that are in their way.
fn write<P: Payload>(
    context: &Context,
    record: &Record<P>,
    present: &Present,
) -> Result<Vec<String>, SessionTooLarge> {
    let now = context.now();
    let sealed = context.sealer.seal(Purpose::Cookie, &context.cookie_name, &record.encode(now));
    let pairs = pairs(context, sealed)?;
    let secure = context.settings.secure;
    let max_age = context.max_age(record, now);
    let stale = names(context, present).filter(|name| pairs.iter().all(|(written, _)| written != name));
    let mut lines: Vec<String> = stale.map(|name| cookie::removal(&name, secure)).collect();
    lines.extend(pairs.iter().map(|(name, value)| cookie::set_cookie(name, value, secure, max_age)));
    Ok(lines)
}

/// The lines that remove the session's cookie and every chunk of it that the browser sent.
fn remove(context: &Context, present: &Present) -> Vec<String> {
    let mut names: Vec<String> = names(context, present).collect();
    if !present.whole {
        names.push(context.cookie_name.clone());
    }
    names.iter().map(|name| cookie::removal(name, context.settings.secure)).collect()
}

fn names(context: &Context, present: &Present) -> impl Iterator<Item = String> {
    let whole = present.whole.then(|| context.cookie_name.clone());
    let chunks = present.chunks.iter().map(|index| format!("{}.{index}", context.cookie_name));
    whole.into_iter().chain(chunks)
}

/// The sealed value as cookies, if they stay within the budget.
fn pairs(context: &Context, sealed: String) -> Result<Vec<Pair>, SessionTooLarge> {
    let budget_bytes = context.settings.header_budget_bytes;
    // The longest Max-Age that can occur, so that the size does not depend on the time.
    let attributes = cookie::set_cookie("", "", context.settings.secure, context.settings.absolute_timeout);
    let sealed_bytes = sealed.len();
    let pairs = chunks::split(&context.cookie_name, sealed, attributes.len(), &context.random);
    let needed_bytes = pairs.as_ref().map_or(sealed_bytes, |pairs| chunks::header_bytes(pairs));
    match pairs {
        Some(pairs) if needed_bytes <= budget_bytes => Ok(pairs),
        _ => Err(SessionTooLarge { needed_bytes, budget_bytes }),
    }
}

/// RFC 9111, section 5.2.2.5. A directive that already forbids it stays as it is.
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
