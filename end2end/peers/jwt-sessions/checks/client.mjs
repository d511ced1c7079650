// A client that does only what it is told.

import { saw } from '../../common/peer.mjs';

export const ADA = { email: 'ada@example.org', password: 'password1' };

// Node's `fetch` states no length for a DELETE without a body.
const emptyBodies = { POST: '', PATCH: '', DELETE: '{}' };

/** Calls the peer, and prints what came. */
export async function call(peer, method, path, { headers = {}, body } = {}) {
  const answer = await fetch(`${peer.issuer}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body ? JSON.stringify(body) : emptyBodies[method],
  });
  const text = await answer.text();
  const type = answer.headers.get('content-type');
  saw(`${method} ${path}`, `${answer.status} ${type} ${text.slice(0, 60)}`);
  return { status: answer.status, type, headers: answer.headers, text, body: type?.includes('json') ? JSON.parse(text || 'null') : undefined };
}

export const login = async (peer) => (await call(peer, 'POST', '/login', { body: ADA })).body;

export const refresh = (peer, token) => call(peer, 'POST', '/refresh', { headers: { 'x-refresh-token': token } });

export const bearer = (token) => ({ authorization: `Bearer ${token}` });

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
