// Starts a peer for a check, and tells it what to do.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the `server.mjs` of a folder with these settings, and waits for its line. */
export async function startPeer(folder, settings) {
  const [port, control] = [await freePort(), await freePort()];
  const listen = `127.0.0.1:${port}`;
  const issuer = (settings.ISSUER ?? 'http://127.0.0.1:PORT').replace('PORT', port);
  const child = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', folder))], {
    env: { PATH: process.env.PATH, LISTEN: listen, CONTROL: `127.0.0.1:${control}`, ...settings, ISSUER: issuer },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill());
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => { throw new Error('the peer ended before it listened'); }),
  ]);
  console.log(`# ${line}`.trim());
  const ask = async (method, path) => (await fetch(`http://127.0.0.1:${control}${path}`, { method })).json();
  return {
    issuer,
    get: (path) => ask('GET', path),
    tell: (path) => ask('POST', path),
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** A listener that keeps what is posted to it, as a client with a back-channel logout endpoint has one. */
export async function receiver(status = 200) {
  const posts = [];
  const server = createServer(async (asked, answer) => {
    let body = '';
    for await (const chunk of asked) body += chunk;
    posts.push({ path: asked.url, headers: asked.headers, form: new URLSearchParams(body) });
    answer.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/logout`, posts, close: () => server.close() };
}

/** Prints one thing that was seen. */
export const saw = (what, value) =>
  console.log(`${what}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
