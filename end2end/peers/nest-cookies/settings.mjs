// The environment of this peer, read once. README.md of the folder above has the table.

import { address, oneOf, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9420');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9421'),
  issuer: text('ISSUER', `http://${listen.text}`),
  accessTokenTtl: seconds('ACCESS_TOKEN_TTL', 1_800),
  refreshTokenTtl: seconds('REFRESH_TOKEN_TTL', 604_800),
  /** How many sign-ins, and how many refreshes, one address has in `THROTTLE_TTL` seconds. */
  loginLimit: seconds('LOGIN_LIMIT', 1_000),
  refreshLimit: seconds('REFRESH_LIMIT', 1_000),
  /** Whether the answer to a registration has both cookies. */
  registerSignsIn: oneOf('REGISTER_SIGNS_IN', ['true', 'false']) === 'true',
  /** Whether somebody who has registered has to verify the address first. */
  emailVerification: oneOf('EMAIL_VERIFICATION', ['off', 'required']),
  throttleTtl: seconds('THROTTLE_TTL', 60),
};
