// The environment of this peer, read once. README.md of the folder above has the table.

import { address, client, oneOf, optional, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9410');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9411'),
  // The library lives under a path, and its issuer has that path.
  issuer: text('ISSUER', `http://${listen.text}/api/auth`),
  client: client(),
  accessTokenTtl: seconds('ACCESS_TOKEN_TTL', 300),
  refreshTokenTtl: seconds('REFRESH_TOKEN_TTL', 86_400),
  reuseIntervalSecs: Number(text('REFRESH_REUSE_INTERVAL', '0')),
  idTokenAlg: oneOf('ID_TOKEN_ALG', ['RS256', 'ES256', 'PS256', 'EdDSA']),
  claimsIn: oneOf('CLAIMS_IN', ['id_token', 'userinfo']),
  consent: oneOf('CONSENT', ['skip', 'page']),
  audience: optional('AUDIENCE'),
};
