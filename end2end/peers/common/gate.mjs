// Stands before a provider: counts what is asked of each endpoint, and breaks it on request. The provider's own code is not touched.

import { IncomingMessage } from 'node:http';

const html503 = '<!DOCTYPE html><title>503</title><h1>Service Unavailable</h1><p>The provider is down.</p>\n';

export class Gate {
  #handler;
  #endpointOf;
  #counts;
  #down;
  #held = new Set();
  #slowMs = 0;
  #failing = { times: 0 };
  #losing = { times: 0 };
  #tokens = [];

  /**
   * `handler(asked, answer)` is the provider. `endpointOf(path)` names the endpoint of a path, as in `GET /counts`, or gives `undefined`.
   * `token:GRANT` is an endpoint for one grant; `token` alone has the grant in its form.
   */
  constructor(handler, endpointOf) {
    this.#handler = handler;
    this.#endpointOf = endpointOf;
    this.resetCounts();
  }

  get counts() {
    return this.#counts;
  }

  /** Every token that was issued, newest last: what must not appear anywhere else. */
  get tokens() {
    return this.#tokens;
  }

  get state() {
    return { down: this.#down ?? false, slow_ms: this.#slowMs, fail_refresh: this.#failing.times, lose_answer: this.#losing.times };
  }

  resetCounts() {
    this.#counts = {
      discovery: 0, jwks: 0, par: 0, authorization: 0, token: {}, userinfo: 0, revocation: 0, end_session: 0,
    };
  }

  down(how) {
    this.#down = how;
  }

  up() {
    this.#down = undefined;
    for (const socket of this.#held) socket.destroy();
    this.#held.clear();
  }

  slow(ms) {
    this.#slowMs = ms;
  }

  /** The next `times` refreshes are answered with this error. The provider does not see them. */
  failRefresh({ error, status, times, retryAfter }) {
    this.#failing = { error, status, times, retryAfter };
  }

  /** The provider carries out the next `times` calls of `grant`, and the connection ends before the answer. */
  loseAnswer({ grant, times }) {
    this.#losing = { grant, times };
  }

  async take(asked, answer) {
    let [endpoint, grant] = this.#endpointOf(new URL(asked.url, 'http://peer').pathname)?.split(':') ?? [];
    if (endpoint === 'token' && !grant && asked.method === 'POST') {
      const body = await bodyOf(asked);
      asked = replay(asked, body);
      grant = new URLSearchParams(body.toString()).get('grant_type') ?? 'none';
    }
    this.#count(endpoint, grant);
    if (this.#slowMs) await new Promise((resolve) => setTimeout(resolve, this.#slowMs));
    if (this.#down) return this.#refuse(asked, answer);
    if (grant === 'refresh_token' && this.#failing.times > 0) return this.#fail(answer);
    if (grant && grant === this.#losing.grant && this.#losing.times > 0) {
      this.#losing.times -= 1;
      answer.write = () => true;
      answer.end = () => { asked.socket.destroy(); return answer; };
    }
    if (grant) this.#listen(answer);
    return this.#handler(asked, answer);
  }

  // Reads the tokens of an answer while it is written.
  #listen(answer) {
    const { write, end } = answer;
    let body = '';
    const keep = (chunk) => { if (typeof chunk === 'string' || chunk instanceof Uint8Array) body += Buffer.from(chunk).toString(); };
    answer.write = (chunk, ...rest) => { keep(chunk); return write.call(answer, chunk, ...rest); };
    answer.end = (chunk, ...rest) => {
      keep(chunk);
      this.#tokens.push(...tokensOf(body));
      return end.call(answer, chunk, ...rest);
    };
  }

  #count(endpoint, grant) {
    if (grant) this.#counts.token[grant] = (this.#counts.token[grant] ?? 0) + 1;
    else if (endpoint && endpoint !== 'token') this.#counts[endpoint] = (this.#counts[endpoint] ?? 0) + 1;
  }

  #refuse(asked, answer) {
    if (this.#down === 'reset') return asked.socket.resetAndDestroy();
    if (this.#down === 'hang') return this.#held.add(asked.socket);
    answer.writeHead(503, { 'content-type': 'text/html; charset=utf-8' });
    return answer.end(html503);
  }

  #fail(answer) {
    const { error, status, retryAfter } = this.#failing;
    this.#failing.times -= 1;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    if (retryAfter) headers['retry-after'] = retryAfter;
    answer.writeHead(status, headers);
    answer.end(JSON.stringify({ error, error_description: 'asked for by the control listener' }));
  }
}

function tokensOf(body) {
  try {
    const answer = JSON.parse(body);
    const expires_at = Date.now() + 1000 * answer.expires_in;
    return ['access_token', 'refresh_token', 'id_token'].filter((kind) => answer[kind]).map((kind) => ({
      kind, token: answer[kind], ...(kind === 'access_token' && { expires_at }),
    }));
  } catch {
    // An error page.
    return [];
  }
}

async function bodyOf(asked) {
  const chunks = [];
  for await (const chunk of asked) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// The gate has read the body, so the provider gets a request that still has it.
function replay(asked, body) {
  const again = new IncomingMessage(asked.socket);
  for (const name of ['method', 'url', 'headers', 'rawHeaders', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor']) {
    again[name] = asked[name];
  }
  again.complete = true;
  again.push(body);
  again.push(null);
  return again;
}
