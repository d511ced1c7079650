// Reads the settings of a peer from environment variables. A wrong value ends the process with one sentence.

import { readFileSync } from 'node:fs';

export const text = (name, otherwise) => {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  if (otherwise === undefined) fail(`${name} is not set`);
  return otherwise;
};

export const optional = (name) => process.env[name] || undefined;

export const list = (name, otherwise) => text(name, otherwise).split(' ');

/** The first choice is the default. */
export const oneOf = (name, choices) => {
  const value = text(name, choices[0]);
  if (!choices.includes(value)) fail(`${name} is ${value}, but must be one of ${choices.join(', ')}`);
  return value;
};

export const seconds = (name, otherwise) => {
  const value = Number(text(name, String(otherwise)));
  if (!Number.isSafeInteger(value) || value < 1) fail(`${name} must be a whole number of seconds, 1 or more`);
  return value;
};

export const address = (name, otherwise) => {
  const value = text(name, otherwise);
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(value) ?? [];
  if (!port) fail(`${name} must be host:port`);
  return { host, port: Number(port), text: value };
};

/** The one client that a peer knows. `CLIENT_JWKS` is JSON or the name of a file. */
export function client() {
  const auth = oneOf('CLIENT_AUTH', ['client_secret_basic', 'client_secret_post', 'private_key_jwt']);
  const keyed = auth === 'private_key_jwt';
  return {
    id: text('CLIENT_ID', 'ironleaf'),
    // Its signs are the ones that go wrong where a client does not form-encode its Basic credentials (RFC 6749, 2.3.1).
    secret: keyed ? undefined : text('CLIENT_SECRET', 'a secret: 100% for tests + more'),
    jwks: keyed ? jwks(text('CLIENT_JWKS')) : undefined,
    auth,
    redirectUris: list('REDIRECT_URI', 'http://127.0.0.1:3000/auth/callback'),
    postLogoutRedirectUris: list('POST_LOGOUT_REDIRECT_URI', 'http://127.0.0.1:3000/auth/signed-out'),
    backchannelLogoutUri: optional('BACKCHANNEL_LOGOUT_URI'),
    backchannelSid: oneOf('BACKCHANNEL_SID', ['true', 'false']) === 'true',
  };
}

const jwks = (value) => JSON.parse(value.trimStart().startsWith('{') ? value : readFileSync(value, 'utf8'));

function fail(message) {
  console.error(message);
  process.exit(2);
}
