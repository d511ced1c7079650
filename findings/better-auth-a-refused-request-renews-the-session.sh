#!/usr/bin/env bash
# better-auth 1.7.25 with its memory adapter, run with Node 20.
#
# A session is renewed by whatever request looks at it, before it is decided whether the request is allowed. `GET /list-sessions` of
# somebody who signed in too long ago answers 403 `SESSION_NOT_FRESH`, moves the end of the session in the database, and sends the session
# cookie again with its full `Max-Age`. The date of the sign-in stays, so the next request is refused, too. A client that takes cookies
# from successful answers only, or a gateway that drops `Set-Cookie` from errors, keeps the old end: the browser forgets a session that
# lives.
#
# Workaround: take the session cookie from every answer of the auth server that is not 401 and not a failure of the server.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund better-auth@1.7.25

cat >ask.mjs <<'JS'
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';

const origin = 'http://auth.test';
const tables = { user: [], session: [], account: [], verification: [] };
const auth = betterAuth({
  baseURL: origin,
  secret: 'only for this script, and long enough for the check',
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  // Renewal is due with each use, and a sign-in is fresh for a second: what takes days by default.
  session: { updateAge: 0, freshAge: 1 },
  logger: { disabled: true },
});

function ask(path, { body, cookie } = {}) {
  const headers = { origin, 'content-type': 'application/json', ...(cookie && { cookie }) };
  const request = { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) };
  return auth.handler(new Request(`${origin}/api/auth${path}`, request));
}

const person = { name: 'Ada', email: 'ada@example.org', password: 'only for this script' };
const [first] = (await ask('/sign-up/email', { body: person })).headers.getSetCookie();
const [cookie] = first.split(';');
const ends = () => tables.session[0].expiresAt.getTime();
const before = ends();
await new Promise((resolve) => setTimeout(resolve, 2100));

const refused = await ask('/list-sessions', { cookie });
const [again = 'no cookie'] = refused.headers.getSetCookie();
console.log(`${refused.status} ${(await refused.json()).code}`);
console.log(`the same cookie with its full life: ${again === first}`);
console.log(`the end has moved: ${ends() > before}`);
console.log(`the next one: ${(await ask('/list-sessions', { cookie })).status}`);
JS

seen=$(node ask.mjs)
echo "$seen"
expected='403 SESSION_NOT_FRESH
the same cookie with its full life: true
the end has moved: true
the next one: 403'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
