import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { ADA, bearer, call, claimsOf, login, refresh } from './client.mjs';

// Rule: "POST /login -> 200 {csrf, access, access_expires_at, refresh, refresh_expires_at}"; "HS256; access 1 h, refresh 7 d".
export async function aSignInShowsBothTokensAndACsrfValue(peer) {
  const answer = await call(peer, 'POST', '/login', { body: ADA });
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.body).sort(), ['access', 'access_expires_at', 'csrf', 'refresh', 'refresh_expires_at']);
  const header = JSON.parse(Buffer.from(answer.body.access.split('.')[0], 'base64url').toString());
  assert.equal(header.alg, 'HS256');
  const [access, refreshing] = [answer.body.access, answer.body.refresh].map(claimsOf);
  assert.equal(refreshing.exp - access.exp, 604_800 - 3600);
  assert.equal(access.iat, undefined);
  assert.equal(answer.headers.get('date'), null);
}

// Rule: "Two date formats: trust the JWT's `exp`". This one is Ruby's `Time#to_s`.
export async function aDateIsWrittenAsRubyWritesIt(peer) {
  const { access, access_expires_at: date } = await login(peer);
  assert.match(date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/);
  assert.equal(Date.parse(date) / 1000, claimsOf(access).exp);
}

// Rule: "Failures may be plain text or HTML".
export async function aWrongPasswordAndAnUnknownAddressAreRefused(peer) {
  const wrong = await call(peer, 'POST', '/login', { body: { ...ADA, password: 'wrong' } });
  assert.deepEqual([wrong.status, wrong.type], [401, 'text/plain; charset=utf-8']);
  const unknown = await call(peer, 'POST', '/login', { body: { ...ADA, email: 'nobody@example.org' } });
  assert.equal(unknown.status, 404);
}

// Rule: "[the CSRF value is asked for with cookies], never with headers".
export async function aHeaderNeedsNoCsrfValue(peer) {
  const { access } = await login(peer);
  for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
    assert.equal((await call(peer, method, '/notes', { headers: bearer(access) })).status, 200);
  }
}

// Rules: "A header that is no JWT is 401 although the cookie is good; an empty one falls through to the cookie".
export async function aBadHeaderHidesAGoodCookie(peer) {
  const { access } = await login(peer);
  const cookie = `jwt_access=${access}`;
  const asked = (authorization) => call(peer, 'GET', '/me', { headers: { cookie, authorization } });
  assert.equal((await asked('Bearer nonsense')).status, 401);
  assert.equal((await asked('')).status, 200);
}

// Rule: "`POST /refresh` -> {csrf, access, access_expires_at}, the old access token dies at once"; "the refresh token's end is never
// extended".
export async function aRefreshShowsNoRefreshTokenAndKillsTheOldAccessToken(peer) {
  const before = await login(peer);
  const { body: after } = await refresh(peer, before.refresh);
  assert.deepEqual(Object.keys(after).sort(), ['access', 'access_expires_at', 'csrf']);
  assert.equal((await call(peer, 'GET', '/me', { headers: bearer(before.access) })).status, 401);
  assert.equal((await call(peer, 'GET', '/me', { headers: bearer(after.access) })).status, 200);
  assert.equal((await refresh(peer, before.refresh)).status, 200);
}

// Rule: "Of 8 parallel refreshes all answer and one access token lives".
export async function ofEightParallelRefreshesOneAccessTokenLives(peer) {
  const { refresh: token } = await login(peer);
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(peer, token)));
  assert(answers.every(({ status }) => status === 200));
  const used = await Promise.all(answers.map(({ body }) => call(peer, 'GET', '/me', { headers: bearer(body.access) })));
  assert.equal(used.filter(({ status }) => status === 200).length, 1);
}

// Rule: "sign out: `DELETE` with the refresh token". Both tokens are over then.
export async function aSignOutEndsBothTokens(peer) {
  const { access, refresh: token } = await login(peer);
  assert.equal((await call(peer, 'DELETE', '/logout', { headers: { 'x-refresh-token': token } })).status, 200);
  assert.equal((await refresh(peer, token)).status, 401);
  assert.equal((await call(peer, 'GET', '/me', { headers: bearer(access) })).status, 401);
  assert.equal((await call(peer, 'DELETE', '/logout', { headers: { 'x-refresh-token': token } })).status, 401);
}

// Rule: "Always send a body or `Content-Length: 0`".
export async function aRequestWithoutALengthIsRefused(peer) {
  const { host, hostname, port } = new URL(peer.issuer);
  const socket = connect(port, hostname);
  socket.end(`POST /refresh HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1.1 411 /);
}
