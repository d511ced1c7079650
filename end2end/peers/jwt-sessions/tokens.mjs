// Tokens (HS256, RFC 7515) and CSRF values as the gem makes them.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// This is a key for tests, not a secret.
const TEST_KEY = 'a key for tests, and no secret: whoever reads this may sign';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signature = (signed) => createHmac('sha256', TEST_KEY).update(signed).digest();
const now = () => Date.now() / 1000;

/** A token with these claims. Like the gem's, it has an end and no time of issue. */
export function sign(claims) {
  const signed = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${signature(signed).toString('base64url')}`;
}

/** The claims of a token that is ours and has not ended, or the reason why there are none. */
export function verify(token) {
  const [header, claims, given, ...more] = String(token).split('.');
  if (!header || !claims || !given || more.length > 0) return { fault: 'Not enough or too many segments' };
  const expected = signature(`${header}.${claims}`);
  const actual = Buffer.from(given, 'base64url');
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return { fault: 'Signature verification failed' };
  const read = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return read.exp > now() ? { claims: read } : { fault: 'Signature has expired' };
}

export const newSecret = () => randomBytes(32);

/** The secret under a new mask: 64 bytes, 88 characters of base64. */
export function masked(secret) {
  const mask = randomBytes(32);
  return Buffer.concat([mask, mask.map((byte, at) => byte ^ secret[at])]).toString('base64');
}

/** Whether a value is the secret under any mask. */
export function matches(secret, value) {
  const bytes = Buffer.from(value ?? '', 'base64');
  if (bytes.length !== 64) return false;
  const shown = bytes.subarray(0, 32).map((byte, at) => byte ^ bytes[32 + at]);
  return timingSafeEqual(shown, secret);
}
