// The environment of this peer, read once.

import { address, seconds, text } from '../common/environment.mjs';

const listen = address('LISTEN', '127.0.0.1:9450');

export const settings = {
  listen,
  control: address('CONTROL', '127.0.0.1:9451'),
  issuer: text('ISSUER', `http://${listen.text}`),
  project: text('PROJECT', 'shop'),
  client: { id: text('CLIENT_ID', 'ironleaf'), secret: text('CLIENT_SECRET', 'a secret: 100% for tests + more') },
  accessTokenTtl: seconds('ACCESS_TOKEN_TTL', 172_800),
};
