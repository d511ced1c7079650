// The ways in which the peer can be broken.

import assert from 'node:assert/strict';
import { bearer, call, login, pause, refresh } from './client.mjs';

export async function isDown(peer) {
  const { refresh: token } = await login(peer);
  await pause(2000);
  await peer.tell('/down');
  assert.equal((await refresh(peer, token)).status, 503);
  await peer.tell('/down?how=reset');
  await assert.rejects(refresh(peer, token));
  await peer.tell('/up');
  assert.equal((await refresh(peer, token)).status, 200);
}

export async function failsRefreshes(peer) {
  const { refresh: token } = await login(peer);
  await pause(2000);
  await peer.tell('/fail-refresh?status=429&times=1&retry_after=7');
  const throttled = await refresh(peer, token);
  assert.deepEqual([throttled.status, throttled.headers.get('retry-after')], [429, '7']);
  assert.equal((await refresh(peer, token)).status, 200);
}

export async function losesRequestsAndAnswers(peer) {
  const { access, refresh: token } = await login(peer);
  await pause(2000);
  await peer.tell('/lose-request?endpoint=refresh');
  await assert.rejects(refresh(peer, token));
  await peer.tell('/lose-answer?grant=logout');
  await assert.rejects(call(peer, 'DELETE', '/logout', { headers: { 'x-refresh-token': token } }));
  assert.equal((await refresh(peer, token)).status, 401, 'the sign-out was carried out');
  assert.equal((await call(peer, 'GET', '/me', { headers: bearer(access) })).status, 401);
}

export async function endsTheSessionsOfAPerson(peer) {
  const { refresh: token } = await login(peer);
  await peer.tell('/revoke-all?sub=ada');
  await pause(2000);
  assert.equal((await refresh(peer, token)).status, 401);
  assert.equal((await peer.get('/sessions')).open, 0);
}
