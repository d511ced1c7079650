// Sign-in, tokens, keys, sign-out, sign-up.

import assert from 'node:assert/strict';
import { saw } from '../../common/peer.mjs';
import { claims, Client, maxAge, world } from './client.mjs';

export async function signsInAndOut() {
  const { peer, client } = await world();
  const wrong = await client.signIn({ password: 'wrong' });
  saw('a wrong password', `${wrong.status} ${wrong.body.code}`);
  assert.deepEqual([wrong.status, wrong.body.code], [401, 'INVALID_EMAIL_OR_PASSWORD']);
  const signedIn = await client.signIn();
  saw('signed in', { status: signedIn.status, members: Object.keys(signedIn.body), user: signedIn.body.user });
  assert.equal(maxAge(signedIn.set, 'better-auth.session_token'), '604800');
  assert.match(client.cookies.get('better-auth.session_token'), /^[A-Za-z0-9]+\.[^;]*%3D$/);

  const { status, body: { token } } = await client.ask('/token');
  saw('claims', claims(token));
  const { iss, aud, sub, role, exp, iat } = claims(token);
  assert.deepEqual([status, iss, aud, sub, role, exp - iat], [200, client.origin, client.origin, 'ada', 'admin,user', 900]);
  const keys = await client.ask('/jwks');
  saw('jwks', { cache: keys.headers.get('cache-control'), keys: keys.body.keys.map(({ kty, alg, crv }) => ({ kty, alg, crv })) });

  const out = await client.ask('/sign-out', { body: {}, keep: false });
  const again = await client.ask('/sign-out', { body: {}, keep: false });
  const dead = await client.ask('/token', { keep: false });
  const nobody = await client.ask('/get-session', { keep: false });
  saw('after the sign-out', { out: out.status, again: again.status, token: [dead.status, dead.body.code], session: [nobody.status, nobody.body] });
  assert.deepEqual([out.status, again.status, dead.status, dead.body.code], [200, 200, 401, 'UNAUTHORIZED']);
  assert.deepEqual([nobody.status, nobody.body], [200, null]);
  await peer.stop();
}

export async function originsAndAddresses() {
  const { peer, client } = await world({ SIGN_IN_LIMIT: '2/10' });
  await client.signIn();
  const asked = (headers) => client.ask('/sign-out', { body: {}, headers, keep: false }).then(({ status, body }) => [status, body?.code]);
  saw('with a cookie, no Origin', await asked({ origin: undefined }));
  assert.deepEqual((await asked({ origin: 'http://evil.test' }))[0], 403);
  const from = async (address) => {
    const other = new Client(client.url);
    return (await other.ask('/sign-in/email', {
      body: { email: 'eva@example.org', password: 'wrong' }, headers: { 'x-forwarded-for': address },
    })).status;
  };
  const told = [];
  for (const address of ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2']) told.push(await from(address));
  saw('sign-ins of two addresses', told);
  assert.deepEqual(told, [401, 401, 429, 401]);
  await peer.stop();
}

export async function signsUp() {
  const { peer, client } = await world();
  const account = { name: 'new', email: 'new@example.org', password: 'password1' };
  const created = await client.ask('/sign-up/email', { body: account, keep: false });
  saw('created', { status: created.status, token: typeof created.body.token });
  const again = await client.ask('/sign-up/email', { body: account, keep: false });
  saw('again', `${again.status} ${again.body.code}`);
  assert.deepEqual([created.status, again.status], [200, 422]);
  assert.deepEqual((await peer.get('/mails')).map(({ to }) => to), ['new@example.org']);
  await peer.stop();

  const hiding = await world({ EMAIL_VERIFICATION: 'required' });
  const first = await hiding.client.ask('/sign-up/email', { body: account, keep: false });
  const known = await hiding.client.ask('/sign-up/email', { body: account, keep: false });
  saw('required verification', { first: [first.status, first.body.token], known: [known.status, known.body.token] });
  assert.deepEqual([known.status, known.body.token, first.body.token], [200, null, null]);
  assert.notEqual(first.body.user.id, known.body.user.id);
  const early = await hiding.client.signIn({ email: account.email, password: account.password });
  assert.deepEqual([early.status, early.body.code], [403, 'EMAIL_NOT_VERIFIED']);
  const [{ token }] = await hiding.peer.get('/mails');
  const verified = await hiding.client.ask(`/verify-email?token=${token}`);
  saw('verified', { status: verified.status, body: verified.body });
  assert.equal(verified.status, 200);
  const broken = await hiding.client.ask('/verify-email?token=x');
  assert.deepEqual([broken.status, broken.body.code], [401, 'INVALID_TOKEN']);
  await hiding.peer.stop();
}

export async function listsAndEndsSessions() {
  const { peer, client } = await world();
  await client.signIn();
  const elsewhere = new Client(client.url);
  await elsewhere.signIn();
  const { body: sessions } = await client.ask('/list-sessions');
  saw('an entry', Object.keys(sessions[0]));
  const mine = client.cookies.get('better-auth.session_token').split('.')[0];
  const other = sessions.find(({ token }) => token !== mine);
  assert.equal((await client.ask('/revoke-session', { body: { token: other.token } })).status, 200);
  assert.equal((await elsewhere.ask('/token')).status, 401);
  assert.equal((await client.ask('/revoke-other-sessions', { body: {} })).body.status, true);
  assert.equal((await client.ask('/token')).status, 200);
  const changed = await client.ask('/change-password', {
    body: { currentPassword: 'a password only for tests', newPassword: 'another password', revokeOtherSessions: true }, keep: false,
  });
  saw('a changed password', { status: changed.status, set: changed.set.length, oldSession: (await client.ask('/token', { keep: false })).status });
  assert.equal((await client.ask('/token', { keep: false })).status, 401);
  await peer.stop();
}
