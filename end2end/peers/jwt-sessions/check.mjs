// Drives the peer through everything that it promises, and prints what was seen. `npm test` runs it. Each check names the recorded rule
// of jwt_sessions 3.2.4 that it is about.

import { startPeer } from '../common/peer.mjs';
import * as cookies from './checks/cookies.mjs';
import * as faults from './checks/faults.mjs';
import * as headers from './checks/headers.mjs';
import * as lives from './checks/lives.mjs';

const folder = new URL('.', import.meta.url);

async function run(checks, settings) {
  const peer = await startPeer(folder, settings);
  for (const check of Object.values(checks)) {
    console.log(`\n## ${check.name}`);
    await check(peer);
  }
  await peer.stop();
}

await run({ ...headers, ...cookies }, { REUSE_HANDLER: 'off' });
await run(lives, { ACCESS_TOKEN_TTL: '2', DATES: 'iso', FAILURES: 'html' });
await run(faults, { ACCESS_TOKEN_TTL: '1' });
console.log('\nall checks passed');
