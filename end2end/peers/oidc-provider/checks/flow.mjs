// Sign-in, refresh, reuse, revocation.

import assert from 'node:assert/strict';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, callback, signIn } from '../../common/world.mjs';

export async function signsIn({ peer, party }) {
  const { keys, headers } = await party.keys();
  saw('discovery, Cache-Control', party.discoveryHeaders.get('cache-control') ?? 'none');
  saw('jwks', `${headers.get('content-type')}, Cache-Control ${headers.get('cache-control') ?? 'none'}, ${keys.length} key`);
  assert.equal(keys.length, 1);

  await peer.tell('/counts/reset');
  const browser = new Browser();
  const attempt = await party.begin({ par: true });
  saw('par', `${attempt.pushed.status} ${JSON.stringify(attempt.pushed.body)}`);
  const page = await authorize(browser, attempt);
  assert.equal(page.status, 200);
  for (const name of ['Ada Admin', 'Eva Evaluator', 'Noah Nomail', 'Tess Text', 'Rolf Roleless']) {
    assert.match(page.text, new RegExp(`>Continue as ${name}</button>`));
  }
  assert.doesNotMatch(page.text, /<script/);
  const { arrived } = await browser.press(page, 'Continue as Ada Admin', { until: callback });
  saw('callback', [...arrived.searchParams.keys()].join(', '));
  saw('cookies', browser.cookies.map(({ name, path, attributes }) => `${name} ${path} ${attributes.join(' ')}`));

  const tokens = await party.finish(attempt, arrived);
  saw('token answer', { ...tokens, id: undefined, answer: undefined, attempt: undefined, headers: undefined });
  saw('token answer, headers', `${tokens.headers.get('content-type')}, ${tokens.headers.get('cache-control')}`);
  saw('id token, head', tokens.id.header);
  saw('id token', tokens.id.claims);
  assert.deepEqual(tokens.id.claims.roles, ['admin', 'user']);
  assert.deepEqual(tokens.id.claims.realm_access, { roles: ['admin', 'user'] });
  assert.equal(tokens.id.claims.email_verified, true);
  assert.equal(typeof tokens.id.claims.auth_time, 'number');
  assert.equal(typeof tokens.id.claims.sid, 'string');
  assert.equal(typeof tokens.refresh_token, 'string');

  const userinfo = await party.userinfo(tokens.access_token);
  saw('userinfo', userinfo.body);
  assert.equal(userinfo.body.email, 'ada@example.org');

  const counts = await peer.get('/counts');
  saw('counts', counts);
  assert.equal(counts.par, 1);
  assert.equal(counts.token.authorization_code, 1);
  assert.equal(counts.userinfo, 1);

  const again = await party.post(party.metadata.token_endpoint, {
    grant_type: 'authorization_code', code: arrived.searchParams.get('code'), redirect_uri: callback, code_verifier: attempt.verifier,
  });
  saw('code used twice', `${again.status} ${JSON.stringify(again.body)}`);
  assert.equal(again.body.error, 'invalid_grant');
  assert.equal((await party.refresh(tokens.refresh_token)).body.error, 'invalid_grant');

  const used = await authorize(browser, attempt);
  saw('request URI used twice', `${used.arrived ?? used.status}`);
  assert.equal(used.arrived.searchParams.get('error'), 'invalid_request_uri');
  assert.equal(used.arrived.searchParams.get('state'), null);
}

export async function everybodyHasTheirClaims({ party }) {
  const claims = async (name) => (await signIn(party, new Browser(), name)).id.claims;
  const noah = await claims('Noah Nomail');
  assert(!('email' in noah) && !('email_verified' in noah));
  assert.equal((await claims('Tess Text')).email_verified, 'true');
  const rolf = await claims('Rolf Roleless');
  assert(!('roles' in rolf) && !('realm_access' in rolf) && !('groups' in rolf));
  saw('without e-mail', noah);
  saw('without roles', rolf);
}

export async function refreshes({ party }) {
  const first = await signIn(party, new Browser(), 'Eva Evaluator');
  const second = await party.refresh(first.refresh_token);
  assert.equal(second.status, 200);
  assert.notEqual(second.body.refresh_token, first.refresh_token);
  const { claims } = await party.verify(second.body.id_token, { nonce: first.attempt.nonce });
  saw('refresh', Object.keys(second.body));
  saw('id token of the refresh', claims);
  assert.equal(claims.sid, first.id.claims.sid);
  assert.equal(claims.auth_time, first.id.claims.auth_time);

  const spent = await party.refresh(first.refresh_token);
  saw('a spent refresh token', `${spent.status} ${JSON.stringify(spent.body)}`);
  assert.equal(spent.status, 400);
  assert.equal(spent.body.error, 'invalid_grant');
  const newest = await party.refresh(second.body.refresh_token);
  saw('the newest one after that', `${newest.status} ${JSON.stringify(newest.body)}`);
  assert.equal(newest.body.error, 'invalid_grant');
  const dead = await party.userinfo(second.body.access_token);
  saw('userinfo after that', `${dead.status} ${JSON.stringify(dead.body)}; ${dead.headers.get('www-authenticate')}`);
  assert.equal(dead.status, 401);
}

export async function aRaceOfRefreshesEndsTheGrant({ party }) {
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  const answers = await Promise.all([1, 2, 3].map(() => party.refresh(token)));
  saw('three refreshes at once', answers.map(({ status, body }) => `${status} ${body.error ?? 'tokens'}`));
  const winner = answers.find(({ status }) => status === 200);
  assert(answers.some(({ status }) => status === 400));
  if (winner) assert.equal((await party.refresh(winner.body.refresh_token)).body.error, 'invalid_grant');
}

export async function revokes({ peer, party }) {
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  const answer = await party.revoke(tokens.refresh_token, 'refresh_token');
  saw('revocation', `${answer.status} ${JSON.stringify(answer.body)}`);
  assert.equal(answer.status, 200);
  assert.equal((await party.userinfo(tokens.access_token)).status, 401);
  const after = await party.refresh(tokens.refresh_token);
  saw('a revoked refresh token', `${after.status} ${JSON.stringify(after.body)}`);
  assert.equal(after.body.error, 'invalid_grant');
  assert.equal((await party.revoke('no-token-at-all', 'refresh_token')).status, 200);

  const others = await signIn(party, new Browser(), 'Eva Evaluator');
  saw('revoke-all', await peer.tell('/revoke-all?sub=eva'));
  assert.equal((await party.refresh(others.refresh_token)).body.error, 'invalid_grant');
}

export async function aWrongSecretIsToldSo({ party }) {
  const right = party.client.secret;
  party.client.secret = 'wrong';
  const answer = await party.refresh('whatever');
  party.client.secret = right;
  saw('a wrong secret', `${answer.status} ${JSON.stringify(answer.body)}; ${answer.headers.get('www-authenticate')}`);
  assert.equal(answer.status, 401);
  assert.equal(answer.body.error, 'invalid_client');
}
