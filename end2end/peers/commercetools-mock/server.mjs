// npm @labdigital/commercetools-mock behind a gate, with switches for tests. README.md of the folder above tells what each does.

import { CommercetoolsMock } from '@labdigital/commercetools-mock';
import { Gate } from '../common/gate.mjs';
import { gateCommands } from '../common/control.mjs';
import { serve } from '../common/serve.mjs';
import { Tokens, actAsThePlatform, addPeople } from './platform.mjs';
import { settings } from './settings.mjs';

const { project } = settings;
const mock = new CommercetoolsMock({ enableAuthentication: true, validateCredentials: true, defaultProjectKey: project, silent: true });
const tokens = new Tokens(mock.authStore(), settings.accessTokenTtl);
actAsThePlatform(mock, settings, tokens);
await mock.app.ready();
await addPeople(mock, project);

const endpoints = {
  '/oauth/token': 'token',
  [`/oauth/${project}/customers/token`]: 'token',
  [`/oauth/${project}/anonymous/token`]: 'token',
  '/oauth/token/revoke': 'revocation',
  [`/${project}/me`]: 'userinfo',
};
const isOfCart = (path) => path.startsWith(`/${project}/me/carts`);
const gate = new Gate(mock.app.routing, (path) => endpoints[path] ?? (isOfCart(path) ? 'cart' : undefined));
await serve({
  name: 'commercetools-mock',
  ...settings,
  gate,
  commands: {
    ...gateCommands(gate),
    'POST /revoke-all': (query) => ({ tokens: tokens.revokeAll(query.get('sub')) }),
    'GET /carts': async () => (await mock.project(project).getRepository('cart').query({ projectKey: project }, {})).results,
  },
});
