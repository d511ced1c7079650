// What every check needs: a running peer, and a relying party that it knows.

import { RelyingParty } from '../../common/relying-party.mjs';
import { startPeer } from '../../common/peer.mjs';

const redirectUri = 'http://127.0.0.1:3000/auth/callback';
export const home = 'http://127.0.0.1:3000/signed-out';

export async function world(settings = {}, client = {}) {
  const secret = 'a secret: 100% for tests + more';
  const peer = await startPeer(new URL('..', import.meta.url), {
    CLIENT_ID: 'ironleaf:test',
    CLIENT_SECRET: secret,
    REDIRECT_URI: redirectUri,
    POST_LOGOUT_REDIRECT_URI: home,
    ...settings,
  });
  const party = new RelyingParty({
    issuer: peer.issuer,
    client: { id: 'ironleaf:test', secret, redirectUri, auth: settings.CLIENT_AUTH ?? 'client_secret_basic', ...client },
  });
  await party.discover();
  return { peer, party };
}

/** Signs somebody in, in this browser, and gives the tokens. */
export async function signIn(party, browser, name, { tokenParameters, ...more } = {}) {
  const attempt = await party.begin(more);
  let answer = await browser.open(attempt.url, { until: redirectUri });
  if (!answer.arrived) answer = await browser.press(answer, `Continue as ${name}`, { until: redirectUri });
  return { ...(await party.finish(attempt, answer.arrived, tokenParameters)), answer, attempt };
}

/** Opens an authorization request. Gives the page, or the callback where no page was needed. */
export const authorize = (browser, attempt) => browser.open(attempt.url, { until: redirectUri });

export const callback = redirectUri;
