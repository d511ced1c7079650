// Sign-in, refresh, reuse, revocation.

import assert from 'node:assert/strict';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, callback, signIn } from '../../common/world.mjs';

export async function signsIn({ peer, party }) {
  const { keys, headers } = await party.keys();
  saw('discovery, Cache-Control', party.discoveryHeaders.get('cache-control') ?? 'none');
  saw('jwks', `${headers.get('content-type')}, Cache-Control ${headers.get('cache-control') ?? 'none'}, members ${Object.keys(keys[0])}`);
  assert.equal(keys.length, 1);

  await peer.tell('/counts/reset');
  const browser = new Browser();
  const attempt = await party.begin();
  const page = await authorize(browser, attempt);
  for (const name of ['Ada Admin', 'Eva Evaluator', 'Tess Text', 'Rolf Roleless']) {
    assert.match(page.text, new RegExp(`>Continue as ${name}</button>`));
  }
  assert.doesNotMatch(page.text, /<script/);
  const wrong = await browser.press(page, 'Sign in', { fill: { email: 'ada@example.org', password: 'wrong' }, until: callback });
  saw('a wrong password', `${wrong.status} ${/role="alert">([^<]*)/.exec(wrong.text)?.[1]}`);
  assert.equal(wrong.status, 401);
  const fill = { email: 'ada@example.org', password: 'a password only for tests' };
  const { arrived } = await browser.press(wrong, 'Sign in', { fill, until: callback });
  saw('callback', [...arrived.searchParams.keys()]);
  saw('cookies', browser.cookies.map(({ name, path, attributes }) => `${name} ${path} ${attributes.join(' ')}`));

  const tokens = await party.finish(attempt, arrived);
  saw('token answer', { ...tokens, id: undefined, headers: undefined });
  saw('token answer, headers', `${tokens.headers.get('content-type')}, ${tokens.headers.get('cache-control')}`);
  saw('id token, head', tokens.id.header);
  saw('id token', tokens.id.claims);
  assert.deepEqual(tokens.id.claims.realm_access, { roles: ['admin', 'user'] });
  assert.equal(typeof tokens.id.claims.auth_time, 'number');
  assert.equal(typeof tokens.id.claims.sid, 'string');

  const userinfo = await party.userinfo(tokens.access_token);
  saw('userinfo', userinfo.body);
  assert.deepEqual(userinfo.body.roles, ['admin', 'user']);
  const counts = await peer.get('/counts');
  saw('counts', counts);
  assert.deepEqual([counts.authorization, counts.token.authorization_code, counts.userinfo], [1, 1, 1]);

  const again = await party.post(party.metadata.token_endpoint, {
    grant_type: 'authorization_code', code: arrived.searchParams.get('code'), redirect_uri: callback, code_verifier: attempt.verifier,
  });
  saw('code used twice', `${again.status} ${JSON.stringify(again.body)}`);
  const after = await party.refresh(tokens.refresh_token);
  saw('refresh after that', `${after.status} ${JSON.stringify(after.body)}`);
}

export async function everybodyHasTheirClaims({ party }) {
  const claims = async (name) => (await signIn(party, new Browser(), name)).id.claims;
  assert.equal((await claims('Tess Text')).email_verified, 'true');
  const rolf = await claims('Rolf Roleless');
  assert(!('roles' in rolf) && !('realm_access' in rolf) && !('groups' in rolf));
}

export async function refreshes({ party }) {
  const first = await signIn(party, new Browser(), 'Eva Evaluator');
  const otherDevice = await signIn(party, new Browser(), 'Eva Evaluator');
  const second = await party.refresh(first.refresh_token);
  assert.equal(second.status, 200);
  assert.notEqual(second.body.refresh_token, first.refresh_token);
  const { claims } = await party.verify(second.body.id_token);
  saw('refresh', Object.keys(second.body));
  saw('id token of the refresh', claims);
  assert.equal(claims.sid, first.id.claims.sid);
  assert.equal(claims.auth_time, first.id.claims.auth_time);
  assert(!('nonce' in claims));

  const spent = await party.refresh(first.refresh_token);
  saw('a spent refresh token', `${spent.status} ${JSON.stringify(spent.body)}`);
  assert.equal(spent.body.error, 'invalid_grant');
  const newest = await party.refresh(second.body.refresh_token);
  saw('the newest one after that', `${newest.status} ${JSON.stringify(newest.body)}`);
  assert.equal(newest.body.error, 'invalid_grant');
  const dead = await party.userinfo(second.body.access_token);
  saw('userinfo after that', `${dead.status} ${JSON.stringify(dead.body)}; ${dead.headers.get('www-authenticate')}`);
  assert.equal(dead.status, 401);
  const elsewhere = await party.refresh(otherDevice.refresh_token);
  saw("the person's session on another device after that", `${elsewhere.status} ${JSON.stringify(elsewhere.body)}`);
  assert.equal(elsewhere.body.error, 'invalid_grant');
}

export async function racesOfRefreshes({ party }) {
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  const answers = await Promise.all([1, 2, 3].map(() => party.refresh(token)));
  saw('three refreshes at once', answers.map(({ status, body }) => `${status} ${body.error ?? 'tokens'}`));
  const winner = answers.find(({ status }) => status === 200);
  const next = await party.refresh(winner.body.refresh_token);
  saw("the winner's next refresh", `${next.status} ${next.body.error ?? 'tokens'}`);
}

export async function revokes({ peer, party }) {
  const otherDevice = await signIn(party, new Browser(), 'Ada Admin');
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  const answer = await party.revoke(tokens.refresh_token, 'refresh_token');
  saw('revocation', `${answer.status} ${JSON.stringify(answer.body)}`);
  assert.equal(answer.status, 200);
  assert.equal((await party.userinfo(tokens.access_token)).status, 401);
  const unknown = await party.revoke('no-token-at-all', 'refresh_token');
  saw('an unknown token, revoked', `${unknown.status} ${JSON.stringify(unknown.body)}`);
  assert.equal(unknown.status, 400);
  const before = await party.refresh(otherDevice.refresh_token);
  assert.equal(before.status, 200);

  // A client whose first answer was lost calls once more. By RFC 7009, 2.2 an invalid token is no error; here it ends other sessions.
  const again = await party.revoke(tokens.refresh_token, 'refresh_token');
  const elsewhere = await party.refresh(before.body.refresh_token);
  saw('revoked twice', `${again.status} ${JSON.stringify(again.body)}`);
  saw('another device of the person then', `${elsewhere.status} ${JSON.stringify(elsewhere.body)}`);
  assert.equal(elsewhere.body.error, 'invalid_grant');

  const others = await signIn(party, new Browser(), 'Rolf Roleless');
  saw('revoke-all', await peer.tell('/revoke-all?sub=rolf'));
  const dead = await party.refresh(others.refresh_token);
  saw('a refresh token that is gone', `${dead.status} ${JSON.stringify(dead.body)}`);
  assert.equal(dead.body.error, 'invalid_grant');
}

export async function revokesAnAccessToken({ party }) {
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  assert.equal((await party.revoke(tokens.access_token, 'access_token')).status, 200);
  assert.equal((await party.userinfo(tokens.access_token)).status, 401);
  const after = await party.refresh(tokens.refresh_token);
  saw('refresh after the access token was revoked', `${after.status}`);
  assert.equal(after.status, 200);
}

export async function aWrongSecretIsToldSo({ party }) {
  const right = party.client.secret;
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  party.client.secret = 'wrong';
  const answer = await party.refresh(token);
  party.client.secret = right;
  saw('a wrong secret', `${answer.status} ${JSON.stringify(answer.body)}; ${answer.headers.get('www-authenticate')}`);
  assert.equal(answer.body.error, 'invalid_client');
}
