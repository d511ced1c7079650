#!/usr/bin/env bash
# Chromium 156.0.8078.108 (Debian 12), driven by playwright-core 1.65.1 over the DevTools protocol, with Node 20 or later.
#
# A page calls `fetch`, looks at the status, and does not read the body. If the answer may be stored, Chromium reports the request as
# finished. With `Cache-Control: no-store` it never does, although all bytes of the body have long arrived: forty such requests in a row
# all get their answers, over one connection, and none of them counts as finished. So a test that waits for the network to be idle, or asks
# the DevTools protocol for that body, waits until its time is over. The page itself notices nothing.
#
# Workaround: read the answer in the page, with `await response.text()`, even if only its status matters.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --silent --no-audit --no-fund playwright-core@1.65.1

# The libraries that Chromium is linked with must be there, as any installed browser of the system brings them.
version=156.0.8078.108-1~deb12u1
for package in chromium-headless-shell chromium-common; do
    apt-get download -qq "$package=$version" 2>/dev/null
done
for package in *.deb; do dpkg-deb --extract "$package" chromium; done
export CHROMIUM="$folder/chromium/usr/lib/chromium/chromium-headless-shell"

cat >ask.mjs <<'JS'
import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const connections = new Set();
const server = createServer((asked, answer) => {
  const [, kind] = asked.url.split('/');
  if (kind) connections.add(asked.socket.remotePort);
  if (kind === 'no-store') answer.setHeader('cache-control', 'no-store');
  answer.setHeader('content-type', kind ? 'application/json' : 'text/html');
  answer.end(kind ? '{"what":"a short answer..."}' : '<!doctype html><title>A page</title>');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });

for (const kind of ['storable', 'no-store']) {
  for (const isRead of [true, false]) {
    connections.clear();
    const page = await (await browser.newContext()).newPage();
    await page.goto(address);
    let finished = 0;
    page.on('requestfinished', (request) => (finished += Number(request.url().endsWith(kind))));
    const answered = await page.evaluate(
      async ([kind, isRead]) => {
        const statuses = [];
        for (let count = 0; count < 40; count += 1) {
          const response = await fetch(`/${kind}`, { method: 'POST', body: 'x' });
          if (isRead) await response.text();
          statuses.push(response.status);
        }
        return statuses.filter((status) => status === 200).length;
      },
      [kind, isRead],
    );
    await sleep(2000);
    const how = isRead ? 'read' : 'not read';
    console.log(`${kind}, ${how}: ${answered} answered, ${finished} finished, ${connections.size} connection`);
    await page.close();
  }
}
await browser.close();
server.close();
JS

seen=$(node ask.mjs)
echo "$seen"
expected='storable, read: 40 answered, 40 finished, 1 connection
storable, not read: 40 answered, 40 finished, 1 connection
no-store, read: 40 answered, 40 finished, 1 connection
no-store, not read: 40 answered, 0 finished, 1 connection'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
