#!/usr/bin/env bash
# @better-auth/oauth-provider 1.7.5 with better-auth 1.7.5, run with Node 20 or later.
#
# Where a client sends people to `end_session_endpoint` without an `id_token_hint`, or with one of an earlier sign-in of the same browser,
# the provider shows a page with the button `Confirm logout`. The page's Content-Security-Policy says `form-action 'self'`, and the answer
# to its form is a redirect to the client. Chromium applies `form-action` to the redirect that follows a form post. So the session ends, and
# Chromium 156 blocks the redirect, with and without JavaScript ("Sending form data to ... violates the following Content Security Policy
# directive"). The person stays on the page of the provider, as if the button did nothing.
#
# A sign-in with `prompt=login` or `max_age` is a new session with a new `sid` here. A client that keeps its first ID token runs into this.
#
# Workaround: send the newest ID token as `id_token_hint`. Then there is no page, and the redirect comes at once.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @better-auth/oauth-provider@1.7.5 better-auth@1.7.5 @better-auth/core@1.7.5 \
    @better-auth/utils@0.4.2 @better-fetch/fetch@1.3.2 better-call@1.4.0

cat >provider.mjs <<'JS'
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';

const tables = ['account', 'session', 'verification', 'jwks', 'user', 'oauthClient', 'oauthResource', 'oauthClientResource',
  'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent', 'oauthClientAssertion'];
// It listens, because it fetches its own keys over HTTP to verify a hint.
const server = createServer((asked, answer) => toNodeHandler(auth)(asked, answer)).listen(0, '127.0.0.1').unref();
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const callback = 'https://app.example.org/callback';
export const auth = betterAuth({
  baseURL: origin,
  secret: randomBytes(32).toString('hex'),
  database: memoryAdapter(Object.fromEntries(tables.map((name) => [name, []]))),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [jwt(), oauthProvider({
    loginPage: '/sign-in', consentPage: '/consent', silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
  })],
});

export const call = async (path, { cookie, json, form, headers } = {}) => auth.handler(new Request(`${origin}/api/auth${path}`, {
  method: json || form ? 'POST' : 'GET',
  headers: {
    origin, accept: 'text/html', ...(cookie && { cookie }), ...(json && { 'content-type': 'application/json' }), ...headers,
  },
  body: json ? JSON.stringify(json) : form && new URLSearchParams(form),
}));

const cookieOf = (answer) => answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
const person = { email: 'ada@example.org', password: 'long enough 1234', name: 'Ada' };
const first = cookieOf(await call('/sign-up/email', { json: person }));

export const { client_id, client_secret } = await auth.api.adminCreateOAuthClient({
  headers: new Headers({ cookie: first }),
  body: {
    redirect_uris: [callback], post_logout_redirect_uris: ['https://app.example.org/'], enable_end_session: true, skip_consent: true,
    scope: 'openid offline_access', token_endpoint_auth_method: 'client_secret_post',
  },
});

/** Signs the person in with a browser of its own. Gives its cookie and the tokens. */
export async function signIn() {
  const cookie = cookieOf(await call('/sign-in/email', { json: person }));
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id, redirect_uri: callback, response_type: 'code', scope: 'openid offline_access', state: 's', nonce: 'n',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  const answer = await call(`/oauth2/authorize?${query}`, { cookie });
  const { code } = Object.fromEntries(new URL(answer.headers.get('location')).searchParams);
  return { cookie, ...(await token({ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier })) };
}

export const token = async (form) => (await call('/oauth2/token', { form: { client_id, client_secret, ...form } })).json();
JS
cat >ask.mjs <<'JS'
import { call, client_id, signIn } from './provider.mjs';

const headers = { 'sec-fetch-mode': 'navigate' };
const { cookie, id_token: hint } = await signIn();
const query = { client_id, post_logout_redirect_uri: 'https://app.example.org/', state: 's' };
const endSession = (more, cookie) => call(`/oauth2/end-session?${new URLSearchParams({ ...query, ...more })}`, { cookie, headers });

const page = await endSession({}, cookie);
console.log(`the page: ${page.status} ${/form-action[^;]*/.exec(page.headers.get('content-security-policy'))}`);
const confirmation = page.headers.getSetCookie().map((line) => line.split(';')[0]);
const answer = await call('/oauth2/end-session/confirm', {
  cookie: [cookie, ...confirmation].join('; '), form: { action: 'confirm' }, headers,
});
console.log(`its form: ${answer.status} ${answer.headers.get('location')}`);

const second = await signIn();
const earlier = await endSession({ id_token_hint: hint }, second.cookie);
console.log(`with the hint of an earlier sign-in: ${earlier.status} ${/<h1>(.*)<.h1>/.exec(await earlier.text())?.[1]}`);
const newest = await endSession({ id_token_hint: second.id_token }, second.cookie);
console.log(`with the hint of this sign-in: ${newest.status} ${newest.headers.get('location')}`);
process.exit();
JS

seen=$(node ask.mjs)
echo "$seen"
expected="the page: 200 form-action 'self'
its form: 302 https://app.example.org/?state=s
with the hint of an earlier sign-in: 200 Confirm logout
with the hint of this sign-in: 302 https://app.example.org/?state=s"
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
