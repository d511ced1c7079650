import assert from 'node:assert/strict';
import { bearer, call, claimsOf, login, pause, refresh } from './client.mjs';

const LIFE_MS = 2000;

// Rule: "optional handler, fires when refreshed before expiry"; "Behind a reuse handler a refresh before the last access token's end is
// reported, whoever saw that token".
export async function aRefreshBeforeTheEndIsReportedAndEndsTheSession(peer) {
  const { refresh: token } = await login(peer);
  assert.equal((await refresh(peer, token)).status, 401);
  await pause(LIFE_MS + 1000);
  assert.equal((await refresh(peer, token)).status, 401);
  assert.equal((await peer.get('/sessions')).reported, 1);
}

// The same rule after a lost answer: nobody has seen the newest token, and it counts.
export async function anUnseenAccessTokenCountsAsWell(peer) {
  const { refresh: token } = await login(peer);
  await pause(LIFE_MS + 1000);
  await peer.tell('/lose-answer?grant=refresh&times=1');
  await assert.rejects(refresh(peer, token));
  assert.equal((await refresh(peer, token)).status, 401);
  assert.equal((await peer.get('/sessions')).reported, 2);
}

// Whoever waits until that token has ended loses nothing.
export async function afterTheEndOfTheUnseenTokenARefreshIsGood(peer) {
  const { refresh: token } = await login(peer);
  await pause(LIFE_MS + 1000);
  await peer.tell('/lose-answer?grant=refresh&times=1');
  await assert.rejects(refresh(peer, token));
  await pause(LIFE_MS + 1000);
  assert.equal((await refresh(peer, token)).status, 200);
}

// Rules: "Two date formats", here ISO 8601; "Failures may be plain text or HTML", here HTML.
export async function datesAndFailuresHaveASecondForm(peer) {
  const { access, access_expires_at: date } = await login(peer);
  assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  assert.equal(Date.parse(date) / 1000, claimsOf(access).exp);
  const refused = await call(peer, 'GET', '/me', { headers: bearer('a.b.c') });
  assert.deepEqual([refused.status, refused.type], [401, 'text/html; charset=utf-8']);
}
