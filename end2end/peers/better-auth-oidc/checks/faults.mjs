// Key rotation, the ways in which the peer can be broken, and the other settings.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, callback, endSession, heading, home, signIn, world } from '../../common/world.mjs';

const folder = new URL('..', import.meta.url);

export async function rotatesKeys({ peer, party }) {
  const before = await signIn(party, new Browser(), 'Ada Admin');
  saw('rotation', await peer.tell('/rotate-keys'));
  assert.equal((await party.keys()).keys.length, 2);
  await party.verify(before.id_token);
  const browser = new Browser();
  const after = await signIn(party, browser, 'Ada Admin');
  assert.notEqual(after.id.header.kid, before.id.header.kid);
  await peer.tell('/rotate-keys?drop=true');
  assert.equal((await party.keys()).keys.length, 1);
  await assert.rejects(party.verify(after.id_token), /no key/);
  const page = await browser.open(endSession(party, { id_token_hint: after.id_token }), { until: home });
  saw('end_session with a hint of a key that is gone', heading(page));
  assert.equal(heading(page), '200 Confirm logout');
}

export async function isDown({ peer, party }) {
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  await peer.tell('/down');
  assert.equal((await party.refresh(tokens.refresh_token)).status, 503);
  await peer.tell('/down?how=reset');
  await assert.rejects(party.refresh(tokens.refresh_token));
  await peer.tell('/down?how=hang');
  await assert.rejects(fetch(party.metadata.jwks_uri, { signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' });
  await peer.tell('/up');
  assert.equal((await party.refresh(tokens.refresh_token)).status, 200);
}

export async function losesAnswers({ peer, party }) {
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  await peer.tell('/lose-answer?times=1');
  await assert.rejects(party.refresh(token));
  const again = await party.refresh(token);
  saw('again after a lost answer', `${again.status} ${JSON.stringify(again.body)}`);
  assert.equal(again.body.error, 'invalid_grant');
}

// What the library offers against the lost answer: the same answer once more, within the interval.
export async function answersAgainWithinAnInterval() {
  const { peer, party } = await world(folder, {
    ISSUER: 'http://127.0.0.1:PORT/api/auth', REFRESH_REUSE_INTERVAL: '10', ID_TOKEN_ALG: 'ES256', CLIENT_AUTH: 'client_secret_post',
    CLAIMS_IN: 'userinfo', CONSENT: 'page',
  });
  const browser = new Browser();
  const attempt = await party.begin();
  const consent = await browser.press(await authorize(browser, attempt), 'Continue as Ada Admin', { until: callback });
  const { arrived } = await browser.press(consent, 'Allow', { until: callback });
  const tokens = await party.finish(attempt, arrived);
  saw('id token, claims in userinfo', tokens.id.claims);
  assert(!('email' in tokens.id.claims) && !('roles' in tokens.id.claims));
  const [one, two] = [await party.refresh(tokens.refresh_token), await party.refresh(tokens.refresh_token)];
  saw('refreshed twice within the interval', `${one.status} ${two.status}, the same answer: ${
    JSON.stringify(one.body) === JSON.stringify(two.body)}`);
  assert.equal(one.body.refresh_token, two.body.refresh_token);
  await peer.stop();
}

export async function signedAssertionAudienceAndShortLives() {
  const audience = 'https://api.example.org/';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyed = (key) => ({ ...key.export({ format: 'jwk' }), kid: 'client-1', alg: 'ES256', use: 'sig' });
  const { peer, party } = await world(
    folder,
    {
      ISSUER: 'http://127.0.0.1:PORT/api/auth', CLIENT_AUTH: 'private_key_jwt', CLIENT_JWKS: JSON.stringify({ keys: [keyed(publicKey)] }),
      ID_TOKEN_ALG: 'EdDSA', AUDIENCE: audience, REFRESH_TOKEN_TTL: '2', ACCESS_TOKEN_TTL: '1',
    },
    { key: keyed(privateKey) },
  );
  const tokens = await signIn(party, new Browser(), 'Ada Admin', {
    resource: audience, scope: 'openid profile email offline_access api:read', tokenParameters: { resource: audience },
  });
  const access = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
  saw('access token', { head: JSON.parse(Buffer.from(tokens.access_token.split('.')[0], 'base64url')), access });
  assert([access.aud].flat().includes(audience));
  await wait(2500);
  const late = await party.userinfo(tokens.access_token);
  saw('an expired access token', `${late.status} ${JSON.stringify(late.body)}; ${late.headers.get('www-authenticate')}`);
  const refused = await party.refresh(tokens.refresh_token);
  saw('an expired refresh token', `${refused.status} ${JSON.stringify(refused.body)}`);
  assert.equal(refused.body.error, 'invalid_grant');
  await peer.stop();
}
