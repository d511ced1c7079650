// The second listener of a peer: JSON, for tests, on loopback only.

import { createServer } from 'node:http';

const whole = (value, otherwise) => {
  const number = value === null ? otherwise : Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${value} is not a whole number`);
  return number;
};

const choice = (value, choices) => {
  const chosen = value ?? choices[0];
  if (!choices.includes(chosen)) throw new RangeError(`${chosen} is none of ${choices.join(', ')}`);
  return chosen;
};

/** The commands that work at every peer. */
export const gateCommands = (gate) => ({
  'GET /ready': () => ({ ready: true, ...gate.state }),
  'GET /counts': () => gate.counts,
  'GET /tokens': () => gate.tokens,
  'POST /counts/reset': () => { gate.resetCounts(); return gate.counts; },
  'POST /down': (query) => { gate.down(choice(query.get('how'), ['503', 'reset', 'hang'])); return gate.state; },
  'POST /up': () => { gate.up(); return gate.state; },
  'POST /slow': (query) => { gate.slow(whole(query.get('ms'), 0)); return gate.state; },
  'POST /fail-refresh': (query) => {
    gate.failRefresh({
      error: query.get('error') ?? 'temporarily_unavailable',
      status: whole(query.get('status'), 400),
      times: whole(query.get('times'), 1),
      retryAfter: query.get('retry_after'),
    });
    return gate.state;
  },
  'POST /lose-answer': (query) => {
    gate.loseAnswer({ grant: query.get('grant') ?? 'refresh_token', times: whole(query.get('times'), 1) });
    return gate.state;
  },
});

/** Starts the listener. A command is `(query) => answer`, and may be asynchronous. */
export function listenForControl({ host, port }, commands) {
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) throw new RangeError('CONTROL must be a loopback address');
  const server = createServer(async (asked, answer) => {
    const url = new URL(asked.url, 'http://control');
    const command = commands[`${asked.method} ${url.pathname}`];
    let status = 200;
    let body;
    try {
      if (!command) status = 404;
      body = command ? await command(url.searchParams) : { error: 'no such command', commands: Object.keys(commands) };
    } catch (error) {
      status = error instanceof RangeError ? 400 : 500;
      body = { error: error.message };
    }
    answer.writeHead(status, { 'content-type': 'application/json' });
    answer.end(`${JSON.stringify(body)}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
