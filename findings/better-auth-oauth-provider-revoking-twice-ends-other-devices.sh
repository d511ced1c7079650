#!/usr/bin/env bash
# @better-auth/oauth-provider 1.7.5 with better-auth 1.7.5, run with Node 20 or later.
#
# A person is signed in at one client on two devices. The client revokes the refresh token of the first device (RFC 7009): 200, and the
# other device goes on. The client revokes the same token once more, as it does when the first answer was lost: the answer is 400, although
# an invalid token is no error by RFC 7009, 2.2, and all refresh tokens of the person at this client are deleted, with their access tokens.
# The other device is signed out. A refresh with a spent token does the same to it. An unknown token is 400 as well.
#
# What counts as the family of a refresh token is the pair of client and person, and not the grant, so one late retry ends every session.
#
# Workaround: revoke once and never again, whatever came back; end all refreshes of a session before its token is revoked.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @better-auth/oauth-provider@1.7.5 better-auth@1.7.5 @better-auth/core@1.7.5 \
    @better-auth/utils@0.4.2 @better-fetch/fetch@1.3.2 better-call@1.4.0

cat >provider.mjs <<'JS'
import { createHash, randomBytes } from 'node:crypto';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { jwt } from 'better-auth/plugins';

const tables = ['account', 'session', 'verification', 'jwks', 'user', 'oauthClient', 'oauthResource', 'oauthClientResource',
  'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent', 'oauthClientAssertion'];
const origin = 'http://localhost:3000';
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
import { call, client_id, client_secret, signIn, token } from './provider.mjs';

const revoke = async (one) => (await call('/oauth2/revoke', {
  form: { client_id, client_secret, token: one, token_type_hint: 'refresh_token' },
})).status;
const refresh = async (one) => {
  const answer = await token({ grant_type: 'refresh_token', refresh_token: one });
  return { answer, said: answer.error ?? 'tokens' };
};

const [telephone, laptop] = [await signIn(), await signIn()];
console.log(`revoked:                ${await revoke(telephone.refresh_token)}`);
const next = await refresh(laptop.refresh_token);
console.log(`the other device:       ${next.said}`);
console.log(`revoked once more:      ${await revoke(telephone.refresh_token)}`);
console.log(`the other device:       ${(await refresh(next.answer.refresh_token)).said}`);
console.log(`an unknown one revoked: ${await revoke('unknown')}`);

const [tablet, desktop] = [await signIn(), await signIn()];
await refresh(tablet.refresh_token);
console.log(`a spent one refreshed:  ${(await refresh(tablet.refresh_token)).said}`);
console.log(`the other device:       ${(await refresh(desktop.refresh_token)).said}`);
JS

seen=$(node ask.mjs)
echo "$seen"
expected='revoked:                200
the other device:       tokens
revoked once more:      400
the other device:       invalid_grant
an unknown one revoked: 400
a spent one refreshed:  invalid_grant
the other device:       invalid_grant'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
