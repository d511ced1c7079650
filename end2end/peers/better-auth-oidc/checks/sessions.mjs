// The person's session at the provider: silent sign-in, re-authentication, sign-out, back-channel logout.

import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, callback, endSession, heading, home, signIn, told } from '../../common/world.mjs';

export async function cancels({ party }) {
  const browser = new Browser();
  const attempt = await party.begin();
  const answer = await browser.press(await authorize(browser, attempt), 'Cancel', { until: callback });
  assert.equal(told(answer).error, 'access_denied');
  assert.equal(told(answer).state, attempt.state);
}

export async function deniesConsent({ party }) {
  const browser = new Browser();
  const attempt = await party.begin({ prompt: 'consent' });
  const page = await browser.press(await authorize(browser, attempt), 'Continue as Ada Admin', { until: callback });
  assert.match(page.text, /Allow access\?/);
  const answer = await browser.press(page, 'Deny', { until: callback });
  saw('consent denied', told(answer));
  assert.equal(told(answer).error, 'access_denied');
  const allowed = await authorize(browser, attempt);
  const { arrived } = await browser.press(allowed, 'Allow', { until: callback });
  assert((await party.finish(attempt, arrived)).refresh_token);
}

export async function signsInSilentlyOrNot({ party }) {
  const browser = new Browser();
  const without = await authorize(browser, await party.begin({ prompt: 'none' }));
  saw('prompt=none without a session', told(without));
  assert.equal(told(without).error, 'login_required');
  const first = await signIn(party, browser, 'Ada Admin');
  const silent = await signIn(party, browser, 'nobody: no page may come', { prompt: 'none' });
  assert.equal(silent.id.claims.auth_time, first.id.claims.auth_time);
  assert.equal(silent.id.claims.sid, first.id.claims.sid);
}

export async function authenticatesAgain({ party }) {
  const browser = new Browser();
  const first = await signIn(party, browser, 'Ada Admin');
  // The next second, so that `auth_time` can be seen to move.
  await wait(1100 - (Date.now() % 1000));
  for (const more of [{ max_age: '0' }, { prompt: 'login' }, { prompt: 'login', max_age: '0' }]) {
    const attempt = await party.begin(more);
    const page = await authorize(browser, attempt);
    assert(!page.arrived, `${JSON.stringify(more)} was answered without a page`);
    const { arrived } = await browser.press(page, 'Continue as Ada Admin', { until: callback });
    const { id } = await party.finish(attempt, arrived);
    saw(`again by ${JSON.stringify(more)}`, `auth_time later: ${id.claims.auth_time > first.id.claims.auth_time}; the same sid: ${
      id.claims.sid === first.id.claims.sid}`);
    assert(id.claims.auth_time > first.id.claims.auth_time);
  }
  const none = await authorize(browser, await party.begin({ prompt: 'none', max_age: '0' }));
  saw('prompt=none and max_age=0', told(none));
  assert.equal(told(none).error, 'login_required');
}

export async function refusesAnUnknownScope({ party }) {
  const answer = await authorize(new Browser(), await party.begin({ scope: 'openid nonsense' }));
  saw('an unknown scope', told(answer));
  assert.equal(told(answer).error, 'invalid_scope');
}

export async function signsOut({ party }) {
  const browser = new Browser();
  const tokens = await signIn(party, browser, 'Ada Admin');
  const url = endSession(party, { id_token_hint: tokens.id_token, state: 'signing-out' });
  const answer = await browser.open(url, { until: home });
  saw('end_session', `no page, then ${answer.arrived}`);
  assert.equal(answer.arrived.href, `${home}?state=signing-out`);
  const after = await party.refresh(tokens.refresh_token);
  saw('refresh after end_session', `${after.status} ${Object.keys(after.body)}`);
  assert.equal(after.status, 200);
  const { claims } = await party.verify(after.body.id_token);
  saw('its id token', claims);
  assert.equal(claims.sid, null);
  assert.equal((await party.userinfo(after.body.access_token)).status, 200);
  assert.equal(told(await authorize(browser, await party.begin({ prompt: 'none' }))).error, 'login_required');

  const again = await browser.open(url, { until: home });
  saw('end_session without a session', again.arrived ? `${again.arrived}` : `${again.status}`);
  const foreign = new URL(url);
  foreign.searchParams.set('post_logout_redirect_uri', 'http://127.0.0.1:3000/elsewhere');
  const refused = await browser.open(foreign);
  saw('end_session, unregistered address', `${refused.status} ${/<p[^>]*>([^<]*)/.exec(refused.text)?.[1]}`);
}

export async function signsOutWithoutAHint({ party }) {
  const browser = new Browser();
  await signIn(party, browser, 'Ada Admin');
  const page = await browser.open(endSession(party, { state: 'no-hint' }), { until: home });
  saw('end_session without a hint', heading(page));
  const answer = await browser.press(page, 'Confirm logout', { until: home });
  saw('and after the button', `${answer.arrived ?? answer.status}`);
  assert.equal(answer.arrived.searchParams.get('state'), 'no-hint');
}

export async function aHintOfAnEarlierSessionAsks({ party }) {
  const browser = new Browser();
  const tokens = await signIn(party, browser, 'Ada Admin');
  await signIn(party, browser, 'Ada Admin', { prompt: 'login' });
  const page = await browser.open(endSession(party, { id_token_hint: tokens.id_token }), { until: home });
  saw('end_session with the hint of an earlier sign-in', heading(page));
  assert.equal(heading(page), '200 Confirm logout');
}

export async function isToldOfSignOuts({ peer, party }, mailbox) {
  mailbox.posts.length = 0;
  const [one, two] = [await signIn(party, new Browser(), 'Eva Evaluator'), await signIn(party, new Browser(), 'Eva Evaluator')];
  const { sessions } = await peer.tell('/logout?sub=eva');
  saw('logout by the provider', sessions);
  const sids = [];
  for (const { form, headers } of mailbox.posts) {
    const { header, claims } = await party.verify(form.get('logout_token'), { typ: 'logout+jwt' });
    assert.deepEqual(claims.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert(!('nonce' in claims));
    assert.equal(claims.sub, 'eva');
    sids.push(claims.sid);
    if (sids.length === 1) saw('logout token', { header, claims, 'content-type': headers['content-type'], accept: headers.accept });
  }
  for (const { id } of [one, two]) assert(sids.includes(id.claims.sid));
  const after = await party.refresh(one.refresh_token);
  saw('refresh after that logout', `${after.status}`);
}
