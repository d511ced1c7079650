// Key rotation, and the ways in which the peer can be broken.

import assert from 'node:assert/strict';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { endSession, home, signIn } from '../../common/world.mjs';

export async function rotatesKeys({ peer, party }) {
  const before = await signIn(party, new Browser(), 'Ada Admin');
  saw('rotation', await peer.tell('/rotate-keys'));
  assert.equal((await party.keys()).keys.length, 2);
  await party.verify(before.id_token);
  const browser = new Browser();
  const after = await signIn(party, browser, 'Ada Admin');
  assert.notEqual(after.id.header.kid, before.id.header.kid);
  const refreshed = await party.refresh(before.refresh_token);
  assert.equal((await party.verify(refreshed.body.id_token)).header.kid, after.id.header.kid);

  await peer.tell('/rotate-keys?drop=true');
  assert.equal((await party.keys()).keys.length, 1);
  await assert.rejects(party.verify(after.id_token), /no key/);
  const url = endSession(party, { id_token_hint: after.id_token });
  const refused = await browser.open(url, { until: home });
  saw('end_session with a hint of a key that is gone', `${refused.status} ${/<pre>([^]*)<\/pre>/.exec(refused.text)?.[1]}`);
}

export async function isDown({ peer, party }) {
  const tokens = await signIn(party, new Browser(), 'Ada Admin');
  await peer.tell('/down');
  const answer = await party.refresh(tokens.refresh_token);
  saw('down, refresh', `${answer.status} ${answer.headers.get('content-type')}`);
  assert.equal(answer.status, 503);
  assert.equal((await fetch(party.metadata.jwks_uri)).status, 503);
  await peer.tell('/down?how=reset');
  await assert.rejects(party.refresh(tokens.refresh_token));
  await peer.tell('/down?how=hang');
  await assert.rejects(fetch(party.metadata.jwks_uri, { signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' });
  await peer.tell('/up');
  assert.equal((await party.refresh(tokens.refresh_token)).status, 200);

  await peer.tell('/slow?ms=300');
  const begun = performance.now();
  await party.keys();
  assert(performance.now() - begun >= 295);
  await peer.tell('/slow?ms=0');
}

export async function failsRefreshes({ peer, party }) {
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  await peer.tell('/fail-refresh?error=temporarily_unavailable&status=400&times=2');
  for (const _ of [1, 2]) {
    const answer = await party.refresh(token);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, 'temporarily_unavailable');
  }
  await peer.tell('/fail-refresh?error=slow_down&status=429&times=1&retry_after=7');
  assert.equal((await party.refresh(token)).headers.get('retry-after'), '7');
  assert.equal((await party.refresh(token)).status, 200);
}

export async function losesAnswers({ peer, party }) {
  const { refresh_token: token } = await signIn(party, new Browser(), 'Ada Admin');
  await peer.tell('/lose-answer?times=1');
  await assert.rejects(party.refresh(token));
  const again = await party.refresh(token);
  saw('again after a lost answer, with rotation', `${again.status} ${JSON.stringify(again.body)}`);
  assert.equal(again.body.error, 'invalid_grant');
}
