// Limits, first keys, and what the gate breaks.

import assert from 'node:assert/strict';
import { saw } from '../../common/peer.mjs';
import { Client, world } from './client.mjs';

export async function limitsTokens() {
  const { peer, client } = await world({ TOKEN_LIMIT: '1/3' });
  await client.signIn();
  const headers = { 'x-forwarded-for': '203.0.113.1' };
  await client.ask('/token', { headers });
  const limited = await client.ask('/token', { headers });
  saw('limited', { status: limited.status, headers: Object.fromEntries(limited.headers), body: limited.body });
  assert.equal(limited.status, 429);
  assert.match(limited.headers.get('x-retry-after'), /^[123]$/);
  assert.equal(limited.headers.get('retry-after'), null);
  await peer.stop();
}

export async function makesSeveralFirstKeys() {
  const { peer, client } = await world();
  const others = await Promise.all([...Array(6)].map(async () => {
    const other = new Client(client.url);
    await other.signIn();
    return other;
  }));
  assert.equal((await peer.get('/keys')).published, 0);
  const tokens = await Promise.all(others.map((other) => other.ask('/token')));
  const kids = new Set(tokens.map(({ body }) => JSON.parse(Buffer.from(body.token.split('.')[0], 'base64url')).kid));
  saw('keys of six first tokens at once', { published: (await peer.get('/keys')).published, used: kids.size });
  assert((await peer.get('/keys')).published >= 1);
  await peer.stop();
}

export async function isBrokenOnRequest() {
  const { peer, client } = await world();
  await client.signIn();
  await peer.tell('/counts/reset');
  await peer.tell('/lose-answer?times=1');
  await assert.rejects(client.ask('/token'));
  await peer.tell('/fail-refresh?status=503&times=1');
  assert.equal((await client.ask('/token')).status, 503);
  await client.ask('/token');
  const counts = await peer.get('/counts');
  saw('counts', counts);
  assert.equal(counts.token.refresh_token, 3);
  await peer.stop();
}
