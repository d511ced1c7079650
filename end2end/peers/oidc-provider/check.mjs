// Drives the peer through everything that it promises, without a browser, and prints what was seen. `npm test` runs it.

import { receiver } from '../common/peer.mjs';
import { world } from '../common/world.mjs';
import * as flow from './checks/flow.mjs';
import * as sessions from './checks/sessions.mjs';
import * as faults from './checks/faults.mjs';
import * as variants from './checks/variants.mjs';

const folder = new URL('.', import.meta.url);

async function run(name, check) {
  console.log(`\n## ${name}`);
  await check();
}

const mailbox = await receiver();
const main = await world(folder, { ROTATION: 'always', BACKCHANNEL_LOGOUT_URI: mailbox.url });
for (const check of [...Object.values(flow), ...Object.values(sessions), ...Object.values(faults)]) {
  await run(check.name, () => check(main, mailbox));
}
await main.peer.stop();
mailbox.close();

const refusing = await receiver(400);
const other = await world(folder, { BACKCHANNEL_LOGOUT_URI: refusing.url, BACKCHANNEL_SID: 'false' });
await run('a refused logout', () => variants.aRefusedLogoutIsReported(other, refusing));
await other.peer.stop();
refusing.close();

for (const check of [variants.postedSecretAndClaimsOfUserinfo, variants.signedAssertionAndAudience, variants.issuerWithAPathAndConsent]) {
  await run(check.name, check);
}
console.log('\nall checks passed');
