// Stands before the application: counts what is asked, and breaks it on request. It takes the commands of `common/control.mjs`.

const html503 = '<!DOCTYPE html><title>503</title><h1>Service Unavailable</h1><p>The API is down.</p>\n';

const ENDPOINTS = { '/login': 'login', '/refresh': 'refresh', '/logout': 'logout', '/me': 'me', '/csrf': 'csrf', '/notes': 'notes' };

export class Gate {
  #handler;
  #sessions;
  #down;
  #held = new Set();
  #slowMs = 0;
  #failing = { times: 0 };
  #losing = { times: 0 };

  constructor(handler, sessions) {
    this.#handler = handler;
    this.#sessions = sessions;
    this.resetCounts();
  }

  get tokens() {
    return this.#sessions.issued;
  }

  get state() {
    return { down: this.#down ?? false, slow_ms: this.#slowMs, fail_refresh: this.#failing.times, lose_answer: this.#losing.times };
  }

  resetCounts() {
    this.counts = Object.fromEntries(Object.values(ENDPOINTS).map((name) => [name, 0]));
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

  /** The next `times` refreshes are answered with this status. The application does not see them. */
  failRefresh({ status, times, retryAfter }) {
    this.#failing = { status, times, retryAfter };
  }

  /** The next `times` calls of the endpoint `grant` are carried out, and the connection ends before the answer. */
  loseAnswer({ grant, times }, isCarriedOut = true) {
    // Its command was made for the token endpoint of OAuth.
    this.#losing = { endpoint: grant === 'refresh_token' ? 'refresh' : grant, times, isCarriedOut };
  }

  async take(asked, answer) {
    const endpoint = ENDPOINTS[new URL(asked.url, 'http://peer').pathname];
    if (endpoint) this.counts[endpoint] += 1;
    if (this.#slowMs) await new Promise((resolve) => setTimeout(resolve, this.#slowMs));
    if (this.#down === 'reset') return asked.socket.resetAndDestroy();
    if (this.#down === 'hang') return this.#held.add(asked.socket);
    if (this.#down) return answer.writeHead(503, { 'content-type': 'text/html; charset=utf-8' }).end(html503);
    if (endpoint === 'refresh' && this.#failing.times > 0) return this.#fail(answer);
    if (endpoint && endpoint === this.#losing.endpoint && this.#losing.times > 0) {
      this.#losing.times -= 1;
      if (!this.#losing.isCarriedOut) return asked.socket.destroy();
      answer.end = () => { asked.socket.destroy(); return answer; };
    }
    return this.#handler(asked, answer);
  }

  #fail(answer) {
    const { status, retryAfter } = this.#failing;
    this.#failing.times -= 1;
    answer.writeHead(status, { 'content-type': 'text/plain', ...(retryAfter && { 'retry-after': retryAfter }) });
    answer.end('asked for by the control listener');
  }
}
