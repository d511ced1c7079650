// The person's session at the provider: silent sign-in, re-authentication, sign-out, back-channel logout.

import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser } from '../../common/browser.mjs';
import { saw } from '../../common/peer.mjs';
import { authorize, callback, endSession, home, signIn, told } from '../../common/world.mjs';

export async function cancels({ party }) {
  const browser = new Browser();
  const attempt = await party.begin();
  const answer = await browser.press(await authorize(browser, attempt), 'Cancel', { until: callback });
  saw('cancel', told(answer));
  assert.equal(told(answer).error, 'access_denied');
  assert.equal(told(answer).state, attempt.state);
  assert.equal(told(answer).iss, party.issuer);
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
  const hinted = await authorize(browser, await party.begin({ prompt: 'none', id_token_hint: first.id_token }));
  assert(told(hinted).code);
}

export async function authenticatesAgain({ party }) {
  const browser = new Browser();
  const first = await signIn(party, browser, 'Ada Admin');
  // The next second, so that `auth_time` can be seen to move.
  await wait(1100 - (Date.now() % 1000));
  for (const more of [{ max_age: '0' }, { prompt: 'login' }, { prompt: 'login', max_age: '0' }, { prompt: 'login consent' }]) {
    const attempt = await party.begin(more);
    const page = await authorize(browser, attempt);
    assert(!page.arrived, `${JSON.stringify(more)} was answered without a page`);
    assert.match(page.text, /Please sign in once more/);
    const { arrived } = await browser.press(page, 'Continue as Ada Admin', { until: callback });
    const { id } = await party.finish(attempt, arrived);
    saw(`again by ${JSON.stringify(more)}`, `auth_time later: ${id.claims.auth_time > first.id.claims.auth_time}`);
    assert(id.claims.auth_time > first.id.claims.auth_time);
    assert.equal(id.claims.sid, first.id.claims.sid);
  }
  const none = await authorize(browser, await party.begin({ prompt: 'none', max_age: '0' }));
  saw('prompt=none and max_age=0', told(none));
}

// The library ends the session of the first person by a form that a script sends; without scripts there is a button.
export async function anotherPersonMaySignInInstead({ party }) {
  const browser = new Browser();
  const first = await signIn(party, browser, 'Ada Admin');
  const attempt = await party.begin({ prompt: 'login' });
  const between = await browser.press(await authorize(browser, attempt), 'Continue as Eva Evaluator', { until: callback });
  saw('another person', between.arrived ? 'straight to the callback' : 'a page with the button Continue between');
  const { arrived } = await browser.press(between, 'Continue', { until: callback });
  const { id } = await party.finish(attempt, arrived);
  assert.equal(id.claims.sub, 'eva');
  assert.notEqual(id.claims.sid, first.id.claims.sid);
}

export async function signsOut({ party }) {
  const browser = new Browser();
  const tokens = await signIn(party, browser, 'Ada Admin');
  const url = endSession(party, { id_token_hint: tokens.id_token, state: 'signing-out' });
  const page = await browser.open(url, { until: home });
  assert.match(page.text, />Sign out<\/button>/);
  assert.doesNotMatch(page.text, /<script/);
  const answer = await browser.press(page, 'Sign out', { until: home });
  saw('end_session', `a page with a button, then ${answer.arrived}`);
  assert.equal(answer.arrived.href, `${home}?state=signing-out`);
  const after = await party.refresh(tokens.refresh_token);
  saw('refresh after end_session', `${after.status} ${Object.keys(after.body)}`);
  assert.equal(after.status, 200);
  const none = await authorize(browser, await party.begin({ prompt: 'none' }));
  assert.equal(told(none).error, 'login_required');

  const again = await browser.open(url, { until: home });
  saw('end_session without a session', `${again.status}, a form that a script sends`);
  assert.match(again.text, /<script>/);
  const foreign = new URL(url);
  foreign.searchParams.set('post_logout_redirect_uri', 'http://127.0.0.1:3000/elsewhere');
  assert.equal((await browser.open(foreign)).status, 400);
  const bare = new URL(url);
  bare.searchParams.delete('id_token_hint');
  bare.searchParams.delete('client_id');
  const nameless = await (async () => {
    const other = new Browser();
    await signIn(party, other, 'Ada Admin');
    return other.press(await other.open(bare), 'Sign out', { until: home });
  })();
  saw('end_session without hint and client_id', nameless.arrived ? `${nameless.arrived}` : `stays at ${nameless.url}`);
}

export async function isToldOfSignOuts({ peer, party }, mailbox) {
  mailbox.posts.length = 0;
  const [one, two] = [await signIn(party, new Browser(), 'Eva Evaluator'), await signIn(party, new Browser(), 'Eva Evaluator')];
  const { sent } = await peer.tell('/logout?sub=eva');
  saw('logout by the provider', sent);
  assert(sent.length >= 2 && sent.every(({ accepted }) => accepted));
  const sids = [];
  for (const { form, headers } of mailbox.posts) {
    const { header, claims } = await party.verify(form.get('logout_token'), { typ: 'logout+jwt' });
    assert.deepEqual(claims.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert(!('nonce' in claims));
    assert.equal(claims.sub, 'eva');
    sids.push(claims.sid);
    if (sids.length === 1) saw('logout token', { header, claims, 'content-type': headers['content-type'], cookie: headers.cookie });
  }
  for (const { id } of [one, two]) assert(sids.includes(id.claims.sid));
  // An offline refresh token outlives the session, in the default configuration of the library as well.
  assert.equal((await party.refresh(one.refresh_token)).status, 200);
}
