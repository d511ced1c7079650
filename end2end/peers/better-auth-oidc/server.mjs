// npm better-auth as an OpenID Connect provider, with switches for tests. README.md of the folder above tells what each does.

import { toNodeHandler } from 'better-auth/node';
import { Gate } from '../common/gate.mjs';
import { gateCommands } from '../common/control.mjs';
import { serve } from '../common/serve.mjs';
import { createAuth, database } from './auth.mjs';
import { pages } from './pages.mjs';
import { settings } from './settings.mjs';

const prefix = new URL(settings.issuer).pathname;
const endpoints = {
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
  '/jwks': 'jwks',
  '/oauth2/authorize': 'authorization',
  '/oauth2/token': 'token',
  '/oauth2/userinfo': 'userinfo',
  '/oauth2/revoke': 'revocation',
  '/oauth2/end-session': 'end_session',
};

const db = database(settings);
const auth = createAuth(settings, db);
const answerAsProvider = toNodeHandler(auth);

async function answer(asked, response) {
  if ((await pages(auth, settings, asked, response)) === false) await answerAsProvider(asked, response);
}

const newKey = () => auth.api.signJWT({ body: { payload: {} } });

// A key that is over signs no more and is published for 30 days on. The library makes the next one when something is to be signed.
async function rotateKeys(query) {
  const now = new Date();
  if (query.get('drop') === 'true') db.jwks.splice(0);
  for (const key of db.jwks) key.expiresAt ??= now;
  await newKey();
  const [{ id: signs }] = db.jwks.filter(({ expiresAt }) => !expiresAt);
  return { signs, published: db.jwks.map(({ id }) => id) };
}

function revokeAll(query) {
  const before = db.oauthRefreshToken.length;
  for (const table of ['oauthRefreshToken', 'oauthAccessToken']) db[table] = db[table].filter((row) => row.userId !== query.get('sub'));
  return { refresh_tokens: before - db.oauthRefreshToken.length };
}

// Two requests that find no key would make two, so the first one is made before anybody asks.
await newKey();
const gate = new Gate(answer, (path) => (path.startsWith(prefix) ? endpoints[path.slice(prefix.length)] : undefined));
await serve({
  name: 'better-auth',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'POST /rotate-keys': rotateKeys,
    'POST /logout': (query) => auth.api.endSessions({ body: { sub: query.get('sub') } }),
    'POST /revoke-all': revokeAll,
  },
});
