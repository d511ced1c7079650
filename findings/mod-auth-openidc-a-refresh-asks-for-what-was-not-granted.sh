#!/usr/bin/env bash
# libapache2-mod-auth-openidc 2.4.12.3-2+deb12u4 and apache2 2.4.68 of Debian 12, with npm oidc-provider 9.13.3, run with Node 20 or later.
# apt-get fetches the packages (after `apt-get update`, on amd64). They are unpacked in a temporary folder, and not installed.
#
# When mod_auth_openidc refreshes an access token, it asks for every scope of `OIDCScope` again, also for those that the provider did not
# grant at sign-in. It does not look at the `scope` that the token endpoint answered. RFC 6749, section 6, forbids a refresh to ask for more
# than was granted, so a provider that keeps to it answers `invalid_scope`. There are two ordinary ways to it:
#
# - A person refuses one scope of several. The sign-in succeeds with the rest.
# - `offline_access` without `prompt=consent`: the provider has to ignore that scope (OpenID Connect Core, section 11), and gives a refresh
#   token by a rule of its own.
#
# Everything works until the access token has expired. No refresh ever succeeds, and unless `logout_on_error` is set, Apache goes on with
# the session and the expired token: the API answers 401 although the refresh token is good. A refresh that named no scope would keep the
# granted one.
#
# Workaround: name in `OIDCScope` only what is granted to everybody, with `OIDCAuthRequestParams prompt=consent` for `offline_access`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder" # Apache's processes read their modules there as nobody.
cd "$folder"
mkdir -p packages/partial debian
touch nothing-installed
apt-get install --yes --download-only --no-install-recommends -qq -o Dir::State::status="$folder/nothing-installed" \
    -o Dir::Cache::archives="$folder/packages" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
    apache2-bin=2.4.68-1~deb12u1 libapache2-mod-auth-openidc=2.4.12.3-2+deb12u4 >/dev/null
rm packages/libc6_*
for package in packages/*.deb; do dpkg --extract "$package" debian; done
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund oidc-provider@9.13.3

cat >world.mjs <<'JS'
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Provider } from 'oidc-provider';

const debian = `${process.cwd()}/debian`;
const libraries = `${debian}/usr/lib/x86_64-linux-gnu:${debian}/lib/x86_64-linux-gnu`;
const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'proxy', 'proxy_http', 'auth_openidc'];
const secret = randomBytes(32).toString('hex');

async function listen(answer) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

export async function freeOrigin() {
  const { server, origin } = await listen();
  server.close();
  return origin;
}

/** Starts a provider whose one person signs in as soon as she is asked. `watch` is called around each of its answers. */
export async function startProvider(redirectUri, { refused, accessTokenSecs, watch, ...options }) {
  let answer;
  const { origin } = await listen((asked, response) => answer(asked, response));
  const provider = new Provider(origin, {
    clients: [{
      client_id: 'apache', client_secret: secret, redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    }],
    cookies: { keys: [secret] },
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc: { client, session } }) => {
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid offline_access');
      if (refused) grant.rejectOIDCScope(refused);
      await grant.save();
      return grant;
    },
    clockTolerance: 0,
    ttl: { AccessToken: accessTokenSecs, Grant: 3600, IdToken: 3600, Interaction: 3600, RefreshToken: 3600, Session: 3600 },
    ...options,
  });
  provider.use(watch);
  const callback = provider.callback();
  answer = (asked, response) => (asked.url.startsWith('/interaction/')
    ? provider.interactionFinished(asked, response, { login: { accountId: 'ada' }, consent: {} })
    : callback(asked, response));
  return origin;
}

/** Starts Apache before an API that answers as the provider does about the token that it is shown: 200, or 401 for a dead one. */
export async function startApache(origin, issuer, lines) {
  const api = await listen(async ({ headers: { authorization } }, response) => {
    const { status } = await fetch(`${issuer}/me`, { headers: { authorization } });
    response.writeHead(status).end();
  });
  const { host, hostname, port } = new URL(origin);
  const home = `${process.cwd()}/apache-${port}`;
  mkdirSync(home);
  writeFileSync(`${home}/apache.conf`, `
${modules.map((name) => `LoadModule ${name}_module ${debian}/usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName ${hostname}
Listen ${host}
DefaultRuntimeDir ${home}
PidFile ${home}/apache.pid
ErrorLog ${home}/error.log
User nobody
Group nogroup
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret ${secret}
OIDCRedirectURI ${origin}/callback
OIDCCryptoPassphrase ${secret}
OIDCPKCEMethod S256
OIDCPassClaimsAs environment
${lines.join('\n')}
<Location "/">
  AuthType openid-connect
  Require valid-user
  RequestHeader set Authorization "Bearer %{OIDC_access_token}e"
</Location>
ProxyPass "/callback" "!"
ProxyPass "/" "${api.origin}/"
`);
  const apache = spawn(`${debian}/usr/sbin/apache2`, ['-f', `${home}/apache.conf`, '-DFOREGROUND'],
    { env: { LD_LIBRARY_PATH: libraries }, stdio: 'inherit' });
  process.on('exit', () => apache.kill());
  for (let answers = false; !answers;) {
    if (apache.exitCode !== null) throw new Error('Apache did not start.');
    const connection = connect(port, hostname);
    answers = await once(connection, 'connect').then(() => true, () => wait(50));
    connection.destroy();
  }
  return async () => {
    apache.kill('SIGWINCH');
    await once(apache, 'exit');
  };
}

/** A browser, which follows redirects and keeps cookies. Gives the status at the end. */
export function browser() {
  const cookies = {};
  return async function open(url) {
    const jar = (cookies[new URL(url).host] ??= {});
    const cookie = Object.entries(jar).map(([name, value]) => `${name}=${value}`).join('; ');
    const asked = request(url, { agent: false, headers: { accept: 'text/html', cookie } }).end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) jar[name] = value;
      else delete jar[name];
    }
    const { location } = answer.headers;
    return location ? open(new URL(location, url).href) : answer.statusCode;
  };
}
JS
cat >ask.mjs <<'JS'
import { setTimeout as wait } from 'node:timers/promises';
import { browser, freeOrigin, startApache, startProvider } from './world.mjs';

const accessTokenSecs = 6;
const consent = 'OIDCAuthRequestParams prompt=consent';
const always = { issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token') };

/** What the token endpoint is asked, and what the API answers before and after. */
async function story(title, scope, lines, options) {
  const said = [title];
  const origin = await freeOrigin();
  const watch = async (context, next) => {
    await next();
    if (context.oidc?.route !== 'token') return;
    const { status, body: { error, scope: granted }, oidc: { body: asked } } = context;
    if (asked.grant_type === 'authorization_code') said.push(`granted "${granted}"`);
    else said.push(`refresh with "${asked.scope}": ${status} ${error ?? 'tokens'}`);
  };
  const issuer = await startProvider(`${origin}/callback`, { accessTokenSecs, watch, ...options });
  const stop = await startApache(origin, issuer, [`OIDCScope "${scope}"`, 'OIDCRefreshAccessTokenBeforeExpiry 1', ...lines]);
  const open = browser();
  said.push(`API: ${await open(`${origin}/`)}`);
  await wait((accessTokenSecs + 1) * 1000);
  said.push(`API: ${await open(`${origin}/`)}`);
  await stop();
  return said.join('\n  ');
}

const stories = await Promise.all([
  story('all of it granted', 'openid offline_access', [consent], {}),
  story('email refused', 'openid offline_access email', [consent], { refused: 'email' }),
  story('openid alone', 'openid', [], always),
  story('offline_access ignored', 'openid offline_access', [], always),
]);
console.log(stories.join('\n'));
process.exit();
JS

seen=$(node ask.mjs 2>errors) || { cat errors >&2; exit 1; }
echo "$seen"
expected='all of it granted
  granted "openid offline_access"
  API: 200
  refresh with "openid offline_access": 200 tokens
  API: 200
email refused
  granted "openid offline_access"
  API: 200
  refresh with "openid offline_access email": 400 invalid_scope
  API: 401
openid alone
  granted "openid"
  API: 200
  refresh with "openid": 200 tokens
  API: 200
offline_access ignored
  granted "openid"
  API: 200
  refresh with "openid offline_access": 400 invalid_scope
  API: 401'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
