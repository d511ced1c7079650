// Starts the two listeners of a peer, says so in one line, and ends at once when told to.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { listenForControl } from './control.mjs';

export async function serve({ name, listen, control, issuer, gate, commands }) {
  const server = createServer((asked, answer) => {
    gate.take(asked, answer).catch((error) => {
      console.error(error);
      asked.socket.destroy();
    });
  });
  // Connections stay open for as long as a client likes, so no request of a test races with an idle connection that is just closing.
  server.keepAliveTimeout = 0;
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  await listenForControl(control, commands);
  console.log(`${name} listens at ${issuer}, its control at http://${control.text}`);
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
