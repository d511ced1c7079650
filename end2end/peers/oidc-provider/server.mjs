// npm oidc-provider as other people would run it, with switches for tests. README.md of the folder above tells what each does.

import { Provider } from 'oidc-provider';
import { Gate } from '../common/gate.mjs';
import { gateCommands } from '../common/control.mjs';
import { serve } from '../common/serve.mjs';
import { configuration, newKey, prefixOf } from './configuration.mjs';
import { interaction } from './interaction.mjs';
import { settings } from './settings.mjs';
import { endSession, revokeAllOf, sessionsOf } from './store.mjs';

const prefix = prefixOf(settings.issuer);
const endpoints = {
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
  '/jwks': 'jwks',
  '/request': 'par',
  '/auth': 'authorization',
  '/token': 'token',
  '/me': 'userinfo',
  '/token/revocation': 'revocation',
  '/session/end': 'end_session',
};

let keys = [newKey(settings.idTokenAlg)];
let provider;
let answerAsProvider;

// The library takes its keys when it is built, so a rotation builds a new provider over the same store.
function build() {
  provider = new Provider(settings.issuer, configuration(settings, keys));
  provider.proxy = settings.issuer.startsWith('https:');
  provider.on('server_error', (_context, error) => console.error(error));
  answerAsProvider = provider.callback();
}

async function answer(asked, response) {
  const { pathname } = new URL(asked.url, settings.issuer);
  if (pathname.startsWith(`${prefix}/interaction/`)) return interaction(provider, settings, asked, response);
  if (!pathname.startsWith(`${prefix}/`)) return response.writeHead(404).end();
  // As Express has it: from the two of them the library learns under which path it lives.
  asked.originalUrl = asked.url;
  asked.url = asked.url.slice(prefix.length);
  return answerAsProvider(asked, response);
}

function rotateKeys(query) {
  keys = [newKey(settings.idTokenAlg), ...(query.get('drop') === 'true' ? [] : keys)];
  build();
  return { signs: keys[0].kid, published: keys.map(({ kid }) => kid) };
}

async function logout(query) {
  const sub = query.get('sub');
  const sent = [];
  for (const session of sessionsOf(sub)) {
    // An administrator who signs somebody out ends the session here as well, before anybody is told.
    endSession(session);
    for (const [clientId, { sid }] of Object.entries(session.authorizations ?? {})) {
      const client = await provider.Client.find(clientId);
      if (client.backchannelLogoutUri) sent.push({ sid, ...(await tell(client, sub, sid)) });
    }
  }
  return { sent };
}

async function tell(client, sub, sid) {
  const begun = performance.now();
  const outcome = await client.backchannelLogout(sub, sid).then(
    () => ({ accepted: true }),
    (error) => ({ accepted: false, status: error.response?.status, error: error.message }),
  );
  return { ...outcome, took_ms: Math.round(performance.now() - begun) };
}

build();
const gate = new Gate(answer, (path) => (path.startsWith(prefix) ? endpoints[path.slice(prefix.length)] : undefined));
await serve({
  name: 'oidc-provider',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'POST /rotate-keys': rotateKeys,
    'POST /logout': logout,
    'POST /revoke-all': (query) => ({ grants: revokeAllOf(query.get('sub')) }),
  },
});
