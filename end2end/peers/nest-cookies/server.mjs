// The Nest application of this folder, with switches for tests. README.md of the folder above tells what each does.

import { Gate } from '../common/gate.mjs';
import { gateCommands } from '../common/control.mjs';
import { serve } from '../common/serve.mjs';
import { application } from './application.mjs';
import { settings } from './settings.mjs';
import { findById } from './store.mjs';

const endpoints = {
  '/auth/register': 'registration',
  '/auth/login': 'token:password',
  '/auth/refresh': 'token:refresh_token',
  '/auth/logout': 'revocation',
  '/users/me': 'userinfo',
};

const { answer, sessions } = await application(settings, (token) => gate.tokens.push(token));
const gate = new Gate(answer, (path) => endpoints[path]);

function setRoles(query) {
  const person = findById(query.get('sub'));
  if (!person) throw new RangeError('nobody has this sub');
  person.roles = (query.get('roles') ?? '').split(',').filter(Boolean);
  return { roles: person.roles };
}

await serve({
  name: 'nest-cookies',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'GET /sessions': (query) => ({ open: sessions.of(query.get('sub')).size }),
    'POST /revoke-all': (query) => ({ sessions: sessions.closeAll(query.get('sub')) }),
    'POST /roles': setRoles,
  },
});
