// The environment of this peer, read once. README.md of the folder above has the table.

import { address, oneOf, optional, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9430');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9431'),
  // The base URL with the base path. `issuer` is what all peers call it.
  issuer: text('ISSUER', `http://${listen.text}/api/auth`),
  tokenTtl: seconds('ACCESS_TOKEN_TTL', 900),
  sessionTtl: seconds('SESSION_TTL', 604_800),
  updateAge: Number(text('UPDATE_AGE', '86400')),
  freshAge: Number(text('FRESH_AGE', '86400')),
  cookieCache: oneOf('COOKIE_CACHE', ['off', 'on']) === 'on',
  verification: oneOf('EMAIL_VERIFICATION', ['optional', 'required']) === 'required',
  deleteUser: oneOf('DELETE_USER', ['off', 'on']) === 'on',
  // How another address is taken: not at all, by a link to it, by a link to the old one before, or at once unless the old one is verified.
  changeEmail: oneOf('CHANGE_EMAIL', ['off', 'on', 'confirmed', 'at-once']),
  resetTtl: seconds('RESET_TTL', 3600),
  // The links of its e-mails may lead there.
  application: origin('REDIRECT_URI'),
  cookiePrefix: optional('COOKIE_PREFIX'),
  // `MAX/SECONDS` for each of two endpoints, as the library limits an address. Without it nothing is limited.
  limits: { '/token': limit('TOKEN_LIMIT'), '/sign-in/email': limit('SIGN_IN_LIMIT') },
};

function origin(name) {
  const url = optional(name);
  return url && new URL(url).origin;
}

function limit(name) {
  const [max, window] = (optional(name) ?? '').split('/').map(Number);
  return max && window ? { max, window } : undefined;
}
