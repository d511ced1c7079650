// What every check needs: a running peer, and a relying party that it knows.

import { RelyingParty } from './relying-party.mjs';
import { startPeer } from './peer.mjs';

export const callback = 'http://127.0.0.1:3000/auth/callback';
export const home = 'http://127.0.0.1:3000/signed-out';
const id = 'ironleaf:test';
const secret = 'a secret: 100% for tests + more';

/** Starts the peer in the folder `folder`. `client` is what the relying party has beyond the settings, such as a private key. */
export async function world(folder, settings = {}, client = {}) {
  const peer = await startPeer(folder, {
    CLIENT_ID: id, CLIENT_SECRET: secret, REDIRECT_URI: callback, POST_LOGOUT_REDIRECT_URI: home, ...settings,
  });
  const party = new RelyingParty({
    issuer: peer.issuer,
    client: { id, secret, redirectUri: callback, auth: settings.CLIENT_AUTH ?? 'client_secret_basic', ...client },
  });
  await party.discover();
  return { peer, party };
}

/** Opens an authorization request. Gives the page, or the callback where no page was needed. */
export const authorize = (browser, attempt) => browser.open(attempt.url, { until: callback });

/** Signs somebody in, in this browser, and gives the tokens. */
export async function signIn(party, browser, name, { tokenParameters, ...more } = {}) {
  const attempt = await party.begin(more);
  let answer = await authorize(browser, attempt);
  if (!answer.arrived) answer = await browser.press(answer, `Continue as ${name}`, { until: callback });
  return { ...(await party.finish(attempt, answer.arrived, tokenParameters)), answer, attempt };
}

/** The parameters of a callback. */
export const told = ({ arrived }) => Object.fromEntries(arrived.searchParams);

/** Status and heading of a page. */
export const heading = ({ status, text }) => `${status} ${/<h1>([^<]*)/.exec(text)?.[1]}`;

/** Where the browser goes to sign out at the provider. */
export function endSession(party, parameters) {
  const url = new URL(party.metadata.end_session_endpoint);
  url.search = new URLSearchParams({ client_id: party.client.id, post_logout_redirect_uri: home, ...parameters });
  return url;
}
