// What answers do with the session cookie.

import assert from 'node:assert/strict';
import { saw } from '../../common/peer.mjs';
import { maxAge, world } from './client.mjs';

const NAME = 'better-auth.session_token';

export async function renewsTheSession() {
  const { peer, client } = await world({ UPDATE_AGE: '1', SESSION_TTL: '60' });
  await client.signIn();
  const before = client.cookies.get(NAME);
  const early = await client.ask('/token');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const later = await client.ask('/token');
  saw('set again', { early: maxAge(early.set, NAME), later: maxAge(later.set, NAME), same: client.cookies.get(NAME) === before });
  assert.deepEqual([maxAge(later.set, NAME), client.cookies.get(NAME)], ['60', before]);
  await peer.stop();
}

export async function doesNotRemember() {
  const { peer, client } = await world({ UPDATE_AGE: '0' });
  const { set } = await client.signIn({ rememberMe: false });
  saw('cookies', set.map((cookie) => cookie.replace(/=[^;]*/, '=…')));
  assert.deepEqual([...client.cookies.keys()], [NAME, 'better-auth.dont_remember']);
  assert.equal(maxAge(set, NAME), undefined);
  const { set: renewed } = await client.ask('/token');
  assert.deepEqual(renewed, []);
  await peer.stop();
}

export async function cachesSessions() {
  const { peer, client } = await world({ COOKIE_CACHE: 'on' });
  await client.signIn();
  saw('cookies', [...client.cookies.keys()]);
  assert(client.cookies.has('better-auth.session_data'));
  await peer.tell('/end-sessions?email=ada@example.org');
  const cached = await client.ask('/token', { keep: false });
  const asked = await client.ask('/token?disableCookieCache=true', { keep: false });
  client.cookies.delete('better-auth.session_data');
  const without = await client.ask('/token', { keep: false });
  saw('a session that has ended', { cached: cached.status, disableCookieCache: asked.status, withoutTheCache: without.status });
  assert.deepEqual([cached.status, asked.status, without.status], [200, 401, 401]);
  await peer.stop();
}

export async function wantsAFreshSession() {
  const { peer, client } = await world({ FRESH_AGE: '1' });
  await client.signIn();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const stale = await client.ask('/list-sessions');
  saw('list-sessions', `${stale.status} ${stale.body.code}`);
  assert.deepEqual([stale.status, stale.body.code, (await client.ask('/token')).status], [403, 'SESSION_NOT_FRESH', 200]);
  await peer.stop();
}
