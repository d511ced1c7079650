import assert from 'node:assert/strict';
import { call, login } from './client.mjs';

const withCookie = (session, more = {}) => ({ headers: { cookie: `jwt_access=${session.access}`, ...more } });

// Rule: "it is asked for with cookies on every method but GET and HEAD (OPTIONS too)"; "csrf failure is 401".
export async function aCookieNeedsTheCsrfValueOnAllButGetAndHead(peer) {
  const session = await login(peer);
  for (const [method, status] of [['GET', 200], ['HEAD', 200], ['OPTIONS', 401], ['POST', 401], ['PATCH', 401], ['DELETE', 401]]) {
    assert.equal((await call(peer, method, '/notes', withCookie(session))).status, status, method);
    assert.equal((await call(peer, method, '/notes', withCookie(session, { 'x-csrf-token': session.csrf }))).status, 200, method);
    const wrong = withCookie(session, { 'x-csrf-token': Buffer.alloc(64, 7).toString('base64') });
    assert.equal((await call(peer, method, '/notes', wrong)).status, status, method);
  }
}

// Rule: "The csrf value is another mask at each answer (88 characters base64), all of them good until the next refresh, dead after it,
// also for the refresh cookie".
export async function everyMaskIsGoodUntilTheNextRefresh(peer) {
  const session = await login(peer);
  const { body: shown } = await call(peer, 'GET', '/csrf', withCookie(session));
  assert.equal(shown.csrf.length, 88);
  assert.notEqual(shown.csrf, session.csrf);
  for (const csrf of [session.csrf, shown.csrf]) {
    assert.equal((await call(peer, 'POST', '/notes', withCookie(session, { 'x-csrf-token': csrf }))).status, 200);
  }
  const refreshing = (csrf) =>
    call(peer, 'POST', '/refresh', { headers: { cookie: `jwt_refresh=${session.refresh}`, 'x-csrf-token': csrf } });
  const renewed = await refreshing(shown.csrf);
  assert.equal(renewed.status, 200);
  for (const csrf of [session.csrf, shown.csrf]) {
    assert.equal((await call(peer, 'POST', '/notes', withCookie(renewed.body, { 'x-csrf-token': csrf }))).status, 401);
    assert.equal((await refreshing(csrf)).status, 401);
  }
  assert.equal((await call(peer, 'POST', '/notes', withCookie(renewed.body, { 'x-csrf-token': renewed.body.csrf }))).status, 200);
}
