// The environment of this peer, read once. README.md of the folder above has the table.

import { address, client, oneOf, optional, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9400');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9401'),
  issuer: text('ISSUER', `http://${listen.text}`),
  client: client(),
  accessTokenTtl: seconds('ACCESS_TOKEN_TTL', 300),
  refreshTokenTtl: seconds('REFRESH_TOKEN_TTL', 86_400),
  rotation: oneOf('ROTATION', ['default', 'always', 'never']),
  par: oneOf('PAR', ['allowed', 'off', 'required']),
  idTokenAlg: oneOf('ID_TOKEN_ALG', ['RS256', 'ES256', 'PS256', 'EdDSA']),
  claimsIn: oneOf('CLAIMS_IN', ['id_token', 'userinfo']),
  offlineAccess: oneOf('OFFLINE_ACCESS', ['always', 'consent']),
  audience: optional('AUDIENCE'),
  audienceScope: text('AUDIENCE_SCOPE', 'api:read api:write'),
};
