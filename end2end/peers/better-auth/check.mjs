// Drives the peer through everything that it promises, without a browser, and prints what was seen. `npm test` runs it.

import * as cookies from './checks/cookies.mjs';
import * as faults from './checks/faults.mjs';
import * as flow from './checks/flow.mjs';

for (const check of [...Object.values(flow), ...Object.values(cookies), ...Object.values(faults)]) {
  console.log(`\n## ${check.name}`);
  await check();
}
console.log('\nall checks passed');
