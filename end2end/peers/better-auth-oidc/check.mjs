// Drives the peer through everything that it promises, without a browser, and prints what was seen. `npm test` runs it.

import { receiver } from '../common/peer.mjs';
import { world } from '../common/world.mjs';
import * as flow from './checks/flow.mjs';
import * as sessions from './checks/sessions.mjs';
import * as faults from './checks/faults.mjs';

const mailbox = await receiver();
const main = await world(new URL('.', import.meta.url), {
  ISSUER: 'http://127.0.0.1:PORT/api/auth', BACKCHANNEL_LOGOUT_URI: mailbox.url,
});
for (const check of [...Object.values(flow), ...Object.values(sessions), ...Object.values(faults)]) {
  console.log(`\n## ${check.name}`);
  await check(main, mailbox);
}
await main.peer.stop();
mailbox.close();
console.log('\nall checks passed');
