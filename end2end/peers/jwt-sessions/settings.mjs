// The environment of this peer, read once. README.md of the folder above has the table.

import { address, oneOf, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9440');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9441'),
  issuer: text('ISSUER', `http://${listen.text}`),
  accessTokenTtl: seconds('ACCESS_TOKEN_TTL', 3600),
  refreshTokenTtl: seconds('REFRESH_TOKEN_TTL', 604_800),
  hasReuseHandler: oneOf('REUSE_HANDLER', ['on', 'off']) === 'on',
  dates: oneOf('DATES', ['ruby', 'iso']),
  failures: oneOf('FAILURES', ['text', 'html']),
  tokensIn: oneOf('TOKENS_IN', ['body', 'cookies']),
  accessHeader: text('ACCESS_HEADER', 'authorization').toLowerCase(),
  accessCookie: text('ACCESS_COOKIE', 'jwt_access'),
  refreshHeader: text('REFRESH_HEADER', 'x-refresh-token').toLowerCase(),
  refreshCookie: text('REFRESH_COOKIE', 'jwt_refresh'),
  csrfHeader: text('CSRF_HEADER', 'x-csrf-token').toLowerCase(),
};
