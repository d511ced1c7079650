#!/usr/bin/env bash
# undici 7.16.0 (the `fetch` of Node), run with Node 20 or later.
#
# `fetch` adds one Fetch Metadata header to every request, `Sec-Fetch-Mode: cors`, and none of the others: no `Sec-Fetch-Site`, no
# `Sec-Fetch-Dest`, and no `Origin`. In a browser, scripts cannot set these headers, and the three come together. So a server that treats
# every client with `Sec-Fetch-Mode` as a browser mistakes a Node script for one, and applies rules that the script cannot follow, such as
# sending cookies back. undici's other function, `request`, sends none of these headers.
#
# Workaround: require `Sec-Fetch-Site` (or all three) before you treat a client as a browser.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund undici@7.16.0

cat >ask.mjs <<'JS'
import { createServer } from 'node:http';
import { once } from 'node:events';
import { fetch, request } from 'undici';

const names = ['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-user', 'origin'];
const server = createServer((asked, answer) => {
  const sent = names.filter((name) => name in asked.headers).map((name) => `${name}: ${asked.headers[name]}`);
  answer.end(sent.join(', ') || 'nothing');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = `http://127.0.0.1:${server.address().port}/`;

console.log(`fetch, GET:   ${await (await fetch(address)).text()}`);
console.log(`fetch, POST:  ${await (await fetch(address, { method: 'POST', body: 'a=b' })).text()}`);
console.log(`request, GET: ${await (await request(address)).body.text()}`);
server.close();
JS

seen=$(node ask.mjs)
echo "$seen"
expected='fetch, GET:   sec-fetch-mode: cors
fetch, POST:  sec-fetch-mode: cors
request, GET: nothing'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
