// Drives the application through everything that it promises, and prints what was seen. `npm test` runs it.

import assert from 'node:assert/strict';
import { saw, startPeer } from '../common/peer.mjs';
import { password } from './store.mjs';

const folder = new URL('.', import.meta.url);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Two tokens of one second are the same. */
const nextSecond = () => pause(1_010 - (Date.now() % 1_000));

class Client {
  cookies = {};

  constructor(peer) {
    this.peer = peer;
  }

  /** Sends these cookies alone, and keeps what is set. */
  async call(method, path, { send = [], body, cookies = this.cookies, keep = true } = {}) {
    const pairs = send.filter((name) => cookies[name]).map((name) => `${name}=${cookies[name]}`);
    const response = await fetch(`${this.peer.issuer}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(pairs.length > 0 && { cookie: pairs.join('; ') }) },
      body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
    });
    const given = {};
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      given[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
    }
    if (keep) Object.assign(this.cookies, given);
    return { status: response.status, headers: response.headers, given, body: await response.json() };
  }

  signIn = (email, word = password) => this.call('POST', '/auth/login', { body: { email, password: word } });
  refresh = (options) => this.call('POST', '/auth/refresh', { send: ['refresh_token'], ...options });
  me = () => this.call('GET', '/users/me', { send: ['access_token'] });
  signOut = () => this.call('POST', '/auth/logout', { send: ['access_token', 'refresh_token'] });
}

async function signsIn(peer) {
  const client = new Client(peer);
  const answer = await client.signIn('ada@example.org');
  assert.equal(answer.status, 200);
  for (const [name, age] of [['access_token', 1_800], ['refresh_token', 604_800]]) {
    const cookie = answer.headers.getSetCookie().find((text) => text.startsWith(`${name}=`));
    saw(name, cookie.slice(cookie.indexOf(';') + 2));
    assert.match(cookie, new RegExp(`Max-Age=${age}; Path=/; Expires=.*; HttpOnly; Secure; SameSite=None`));
  }
  const me = await client.me();
  saw('me', me.body);
  assert.deepEqual(me.body.roles, ['admin', 'user']);
  for (const [email, word, status] of [['ada@example.org', 'wrong', 401], ['nobody@example.org', 'x', 400], ['nobody', '', 400]]) {
    const refused = await client.signIn(email, word);
    saw(`${email} with ${word || 'nothing'}`, `${refused.status} ${JSON.stringify(refused.body)}`);
    assert.deepEqual([refused.status, refused.body.statusCode], [status, status]);
  }
  assert.equal((await new Client(peer).me()).status, 401);
}

async function registers(peer) {
  const client = new Client(peer);
  const register = (email, word) => client.call('POST', '/auth/register', { body: { email, password: word } });
  const created = await register('lin@example.org', 'password1');
  saw('registered', `${created.status} ${JSON.stringify(created.body)}, cookies ${Object.keys(created.given).join(' ')}`);
  assert.deepEqual([created.status, Object.keys(created.given)], [201, ['access_token', 'refresh_token']]);
  assert.equal((await client.me()).body.email, 'lin@example.org');
  for (const [email, word, status] of [['lin@example.org', 'password2', 409], ['mia@example.org', 'short', 400], ['mia', 'password1', 400]]) {
    const refused = await register(email, word);
    saw(`${email} with ${word}`, `${refused.status} ${JSON.stringify(refused.body)}`);
    assert.deepEqual([refused.status, refused.body.statusCode, refused.given], [status, status, {}]);
  }
}

async function knowsWhoIsNotVerified(peer) {
  const client = new Client(peer);
  assert.equal((await client.signIn('rolf@example.org')).status, 200);
  const me = await client.me();
  saw('not verified', `${me.status} ${JSON.stringify(me.body)}`);
  assert.equal(me.status, 403);
}

async function rotates(peer) {
  const client = new Client(peer);
  await client.signIn('ada@example.org');
  const first = client.cookies.refresh_token;
  const { refresh_token: same } = (await client.refresh()).given;
  saw('within one second', same === first ? 'the same again' : 'another (the second was over)');
  await nextSecond();
  const { given } = await client.refresh();
  assert.notEqual(given.refresh_token, same);
  for (const value of [undefined, 'garbage']) {
    assert.equal((await client.refresh({ cookies: { refresh_token: value } })).status, 401);
  }
  // The two tokens have different secrets.
  assert.equal((await client.refresh({ cookies: { refresh_token: client.cookies.access_token } })).status, 401);
}

async function endsEverySessionForAReuse(peer) {
  const [client, elsewhere] = [new Client(peer), new Client(peer)];
  await client.signIn('eva@example.org');
  await nextSecond();
  await elsewhere.signIn('eva@example.org');
  assert.equal((await peer.get('/sessions?sub=eva')).open, 2);
  const spent = { ...client.cookies };
  await client.refresh();
  const reused = await client.refresh({ cookies: spent, keep: false });
  saw('reuse', `${reused.status} ${JSON.stringify(reused.body)}`);
  assert.equal(reused.status, 403);
  assert.equal((await peer.get('/sessions?sub=eva')).open, 0);
  assert.equal((await elsewhere.refresh()).status, 403);
  assert.equal((await elsewhere.me()).status, 200, 'the access token lives on');
}

async function killsSessionsInAStorm(peer) {
  const client = new Client(peer);
  await client.signIn('eva@example.org');
  await nextSecond();
  const answers = await Promise.all(Array.from({ length: 6 }, () => client.refresh({ keep: false })));
  saw('6 at once', answers.map(({ status }) => status).join(' '));
  assert.equal((await peer.get('/sessions?sub=eva')).open, 0);
}

async function signsOut(peer) {
  const client = new Client(peer);
  await client.signIn('eva@example.org');
  assert.equal((await client.call('POST', '/auth/logout', { send: ['refresh_token'] })).status, 401);
  assert.equal((await client.signOut()).status, 200);
  assert.equal((await peer.get('/sessions?sub=eva')).open, 0);
}

async function canBeBroken(peer) {
  const client = new Client(peer);
  await client.signIn('tess@example.org');
  await peer.tell('/fail-refresh?status=429&retry_after=7');
  assert.equal((await client.refresh()).headers.get('retry-after'), '7');
  await peer.tell('/lose-answer?times=1');
  const spent = { ...client.cookies };
  await nextSecond();
  await assert.rejects(client.refresh());
  assert.equal((await client.refresh({ cookies: spent })).status, 403, 'it was carried out');
}

const peer = await startPeer(folder, {});
for (const check of [
  signsIn, registers, knowsWhoIsNotVerified, rotates, endsEverySessionForAReuse, killsSessionsInAStorm, signsOut, canBeBroken,
]) {
  console.log(`\n## ${check.name}`);
  await check(peer);
}
await peer.stop();

console.log('\n## throttles');
const strict = await startPeer(folder, { REFRESH_LIMIT: '1', ACCESS_TOKEN_TTL: '1' });
const client = new Client(strict);
await client.signIn('ada@example.org');
await nextSecond();
assert.equal((await client.refresh()).status, 200);
const throttled = await client.refresh();
saw('throttled', `${throttled.status} Retry-After: ${throttled.headers.get('retry-after')} ${JSON.stringify(throttled.body)}`);
assert.equal(throttled.status, 429);
assert.equal((await strict.get('/sessions?sub=ada')).open, 1, 'nothing is lost');
await pause(2_000);
assert.equal((await client.me()).status, 401, 'the access token has expired');
await strict.stop();
console.log('\nall checks passed');
