// The other settings: each peer here has several of them at once.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, signIn, world } from '../../common/world.mjs';

const folder = new URL('..', import.meta.url);

export async function aRefusedLogoutIsReported({ peer, party }, refusing) {
  await signIn(party, new Browser(), 'Noah Nomail');
  const { sent } = await peer.tell('/logout?sub=noah');
  saw('logout, refused by the client', sent);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].status, 400);
  const { claims } = await party.verify(refusing.posts[0].form.get('logout_token'), { typ: 'logout+jwt' });
  assert(!('sid' in claims));
}

export async function postedSecretAndClaimsOfUserinfo() {
  const { peer, party } = await world(folder, {
    CLIENT_AUTH: 'client_secret_post', ID_TOKEN_ALG: 'ES256', PAR: 'off', ROTATION: 'never', CLAIMS_IN: 'userinfo', ACCESS_TOKEN_TTL: '2',
  });
  assert(!('pushed_authorization_request_endpoint' in party.metadata));
  assert.deepEqual(party.metadata.token_endpoint_auth_methods_supported, ['client_secret_post']);
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  saw('id token, claims in userinfo', tokens.id.claims);
  assert(!('roles' in tokens.id.claims));
  assert.equal(tokens.id.header.alg, 'ES256');
  assert.deepEqual((await party.userinfo(tokens.access_token)).body.groups, ['/staff', '/administrators']);
  const refreshed = await party.refresh(tokens.refresh_token);
  saw('refresh without rotation', `the same token: ${refreshed.body.refresh_token === tokens.refresh_token}`);
  assert.equal(refreshed.body.refresh_token, tokens.refresh_token);
  assert.equal(refreshed.body.expires_in, 2);
  await wait(2100);
  const late = await party.userinfo(tokens.access_token);
  saw('an expired access token', `${late.status} ${JSON.stringify(late.body)}; ${late.headers.get('www-authenticate')}`);
  assert.equal(late.status, 401);
  await peer.stop();
}

export async function signedAssertionAndAudience() {
  const audience = 'https://api.example.org/';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyed = (key) => ({ ...key.export({ format: 'jwk' }), kid: 'client-1', alg: 'ES256', use: 'sig' });
  const { peer, party } = await world(
    folder,
    {
      CLIENT_AUTH: 'private_key_jwt', CLIENT_JWKS: JSON.stringify({ keys: [keyed(publicKey)] }), ID_TOKEN_ALG: 'PS256', PAR: 'required',
      AUDIENCE: audience, CLAIMS_IN: 'userinfo', ROTATION: 'default',
    },
    { key: keyed(privateKey) },
  );
  const scope = 'openid profile email offline_access api:read';
  const bare = await authorize(new Browser(), await party.begin());
  saw('no PAR where it is required', bare.arrived ? Object.fromEntries(bare.arrived.searchParams) : bare.status);

  const without = await signIn(party, new Browser(), 'Ada Admin', { par: true, resource: audience, scope });
  saw('resource at authorization alone', `access token is ${without.access_token.split('.').length === 3 ? 'a JWT' : 'opaque'}`);
  assert.equal(without.access_token.split('.').length, 1);

  const tokens = await signIn(party, new Browser(), 'Ada Admin', {
    par: true, resource: audience, scope, tokenParameters: { resource: audience },
  });
  const access = await party.verify(tokens.access_token, { audience, typ: 'at+jwt' });
  saw('access token', access);
  assert.equal(access.claims.scope, 'api:read');
  const info = await party.userinfo(tokens.access_token);
  saw('userinfo with it', `${info.status} ${JSON.stringify(info.body)}`);
  saw('id token beside it', Object.keys(tokens.id.claims));
  const refreshed = await party.refresh(tokens.refresh_token, { resource: audience });
  saw('refresh under ROTATION=default', `the same token: ${refreshed.body.refresh_token === tokens.refresh_token}`);
  await party.verify(refreshed.body.access_token, { audience, typ: 'at+jwt' });
  const bareRefresh = await party.refresh(tokens.refresh_token);
  saw('refresh without resource', `access token is ${bareRefresh.body.access_token.includes('.') ? 'a JWT' : 'opaque'}`);
  const wrong = await authorize(new Browser(), await party.begin({ par: true, scope: 'openid nonsense' }));
  saw('an unknown scope', wrong.arrived ? Object.fromEntries(wrong.arrived.searchParams) : wrong.status);
  await peer.stop();
}

export async function issuerWithAPathAndConsent() {
  const { peer, party } = await world(folder, {
    ISSUER: 'http://127.0.0.1:PORT/realms/test', ID_TOKEN_ALG: 'EdDSA', OFFLINE_ACCESS: 'consent', REFRESH_TOKEN_TTL: '2',
  });
  const none = await signIn(party, new Browser(), 'Ada Admin');
  saw('offline_access without prompt=consent', Object.keys(none).filter((key) => key.includes('token') || key === 'scope'));
  assert(!('refresh_token' in none));
  const tokens = await signIn(party, new Browser(), 'Ada Admin', { prompt: 'consent' });
  saw('with prompt=consent', tokens.scope);
  assert.equal(typeof tokens.refresh_token, 'string');
  assert.equal(tokens.id.header.alg, 'EdDSA');
  await wait(3000);
  const late = await party.refresh(tokens.refresh_token);
  saw('an expired refresh token', `${late.status} ${JSON.stringify(late.body)}`);
  assert.equal(late.body.error, 'invalid_grant');
  await peer.stop();
}
