// An API to the recorded rules of the Rails gem jwt_sessions 3.2.4, with switches for tests. README.md of the folder above tells what
// each does. The gem itself needs Ruby; `check.mjs` names the rule behind each thing that this peer does.

import { gateCommands } from '../common/control.mjs';
import { serve } from '../common/serve.mjs';
import { application } from './application.mjs';
import { Gate } from './gate.mjs';
import { Sessions } from './sessions.mjs';
import { settings } from './settings.mjs';

const sessions = new Sessions(settings);
const gate = new Gate(application(settings, sessions), sessions);

const count = (value) => {
  const times = Number(value ?? 1);
  if (!Number.isSafeInteger(times) || times < 0) throw new RangeError(`${value} is not a whole number`);
  return times;
};

await serve({
  name: 'jwt-sessions',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'GET /sessions': () => ({ open: sessions.count, reported: sessions.reported }),
    'POST /revoke-all': (query) => ({ sessions: sessions.endAllOf(query.get('sub')) }),
    'POST /lose-request': (query) => {
      gate.loseAnswer({ grant: query.get('endpoint') ?? 'refresh', times: count(query.get('times')) }, false);
      return gate.state;
    },
  },
});
