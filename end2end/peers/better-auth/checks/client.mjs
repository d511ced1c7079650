// A client of the auth server that keeps its cookies as they were set.

import { startPeer } from '../../common/peer.mjs';

const password = 'a password only for tests';

/** Starts a peer and gives a client of it. */
export async function world(settings = {}) {
  const peer = await startPeer(new URL('..', import.meta.url), { ISSUER: 'http://127.0.0.1:PORT/api/auth', ...settings });
  return { peer, client: new Client(peer.issuer) };
}

export class Client {
  cookies = new Map();

  constructor(url) {
    this.url = url;
    this.origin = new URL(url).origin;
  }

  /** `headers` with the value `undefined` are left out. */
  async ask(path, { body, headers = {}, keep = true } = {}) {
    const sent = { origin: this.origin, cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') || undefined, ...headers };
    const response = await fetch(`${this.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: Object.fromEntries(Object.entries({ ...(body !== undefined && { 'content-type': 'application/json' }), ...sent })
        .filter(([, value]) => value !== undefined)),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const set = response.headers.getSetCookie();
    if (keep) for (const cookie of set) this.keep(cookie);
    const text = await response.text();
    return { status: response.status, headers: response.headers, set, body: text && JSON.parse(text) };
  }

  keep(cookie) {
    const [pair] = cookie.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === '' || /max-age=0/i.test(cookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  signIn(more = {}) {
    return this.ask('/sign-in/email', { body: { email: 'ada@example.org', password, ...more } });
  }
}

export const maxAge = (set, name) => set.filter((cookie) => cookie.startsWith(`${name}=`)).map((cookie) => /max-age=(\d+)/i.exec(cookie)?.[1]).at(-1);

export const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
