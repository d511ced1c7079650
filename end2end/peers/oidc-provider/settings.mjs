// The environment of this peer, read once. README.md has the table.

import { readFileSync } from 'node:fs';
import { address, oneOf, optional, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9400');
const auth = oneOf('CLIENT_AUTH', ['client_secret_basic', 'client_secret_post', 'private_key_jwt']);

const clientJwks = () => {
  const value = text('CLIENT_JWKS');
  return JSON.parse(value.trimStart().startsWith('{') ? value : readFileSync(value, 'utf8'));
};

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9401'),
  issuer: text('ISSUER', `http://${listen.text}`),
  client: {
    id: text('CLIENT_ID', 'ironleaf'),
    // Its signs are the ones that go wrong where a client does not form-encode its Basic credentials (RFC 6749, 2.3.1).
    secret: auth === 'private_key_jwt' ? undefined : text('CLIENT_SECRET', 'a secret: 100% for tests + more'),
    jwks: auth === 'private_key_jwt' ? clientJwks() : undefined,
    auth,
    redirectUris: text('REDIRECT_URI', 'http://127.0.0.1:3000/auth/callback').split(' '),
    postLogoutRedirectUris: text('POST_LOGOUT_REDIRECT_URI', 'http://127.0.0.1:3000/').split(' '),
    backchannelLogoutUri: optional('BACKCHANNEL_LOGOUT_URI'),
    backchannelSid: oneOf('BACKCHANNEL_SID', ['true', 'false']) === 'true',
  },
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
