// npm better-auth with its own sessions, with switches for tests. README.md of the folder above tells what each does.

import { toNodeHandler } from 'better-auth/node';
import { gateCommands } from '../common/control.mjs';
import { Gate } from '../common/gate.mjs';
import { serve } from '../common/serve.mjs';
import { createAuth, database } from './auth.mjs';
import { settings } from './settings.mjs';

const prefix = new URL(settings.issuer).pathname;
const endpoints = {
  '/sign-in/email': 'sign_in',
  '/sign-up/email': 'sign_up',
  '/sign-out': 'sign_out',
  // So that its answer can be lost.
  '/change-password': 'token:change_password',
  '/change-email': 'change_email',
  '/request-password-reset': 'request_reset',
  '/reset-password': 'reset_password',
  '/get-session': 'session',
  // What a refresh is here.
  '/token': 'token:refresh_token',
  '/jwks': 'jwks',
};

const mails = [];
const db = database();
const auth = createAuth(settings, db, mails);

// The headers of every request, without values that are secret: what may reach an auth server, and what may not.
const heard = [];
const answerAsAuthServer = toNodeHandler(auth);
const answer = (asked, response) => {
  heard.push({
    path: new URL(asked.url, 'http://peer').pathname,
    headers: Object.keys(asked.headers),
    origin: asked.headers.origin,
    forwarded: asked.headers['x-forwarded-for'],
    cookies: (asked.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => pair.split('=')[0]),
  });
  return answerAsAuthServer(asked, response);
};

// A key that is over signs no more and is published for 30 days on. The library makes the next one when something is to be signed.
function rotateKeys(query) {
  if (query.get('drop') === 'true') db.jwks.splice(0);
  for (const key of db.jwks) key.expiresAt ??= new Date();
  return { published: db.jwks.length };
}

const idOf = (query) => db.user.find(({ email }) => email === query.get('email'))?.id;

function endSessions(query) {
  const before = db.session.length;
  const id = idOf(query);
  db.session = db.session.filter(({ userId }) => userId !== id);
  return { ended: before - db.session.length };
}

const gate = new Gate(answer, (path) => (path.startsWith(prefix) ? endpoints[path.slice(prefix.length)] : undefined));
await serve({
  name: 'better-auth',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'GET /keys': () => ({ published: db.jwks.length }),
    'GET /mails': () => mails,
    'GET /heard': () => heard,
    'GET /sessions': (query) => db.session.filter(({ userId }) => userId === idOf(query)).map(({ expiresAt }) => ({ expiresAt })),
    'POST /end-sessions': endSessions,
    'POST /rotate-keys': rotateKeys,
    'POST /set-role': (query) => {
      const id = idOf(query);
      for (const user of db.user) if (user.id === id) user.role = query.get('role');
      return {};
    },
  },
});
