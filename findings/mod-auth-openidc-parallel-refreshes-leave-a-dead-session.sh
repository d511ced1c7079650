#!/usr/bin/env bash
# libapache2-mod-auth-openidc 2.4.12.3-2+deb12u4 and apache2 2.4.68 of Debian 12, with npm oidc-provider 9.13.3, run with Node 20 or later.
# apt-get fetches the packages (after `apt-get update`, on amd64). They are unpacked in a temporary folder, and not installed.
#
# With `OIDCRefreshAccessTokenBeforeExpiry`, every request that finds the access token near its end refreshes it. Requests that are under
# way together do not wait for each other: a page with eight calls spends the same refresh token up to eight times. At a provider that gives
# a new refresh token each time, the second use ends the grant (RFC 9700, section 4.14.2), and with it the access token of the first.
#
# Less expected is what follows. Apache keeps the session of the ended grant, and sends every further request on with its dead token, also
# after more refreshes have failed. The API answers 401 from then on. A person who was signed in stays locked out, and is not led to the
# sign-in, as long as the session lasts.
#
# The wiki of the module lists parallel refreshes among its known limitations, and promises one refresh for all of them on one host from
# 2.4.15.3 on. Debian 12 has 2.4.12.3.
#
# Workaround: `logout_on_error` after the seconds ends the session, so that the person signs in again. A provider that accepts a refresh
# token more than once avoids all of it.
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
export async function startProvider(redirectUri, { accessTokenSecs, watch, ...options }) {
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

const lines = ['OIDCScope "openid offline_access"', 'OIDCAuthRequestParams prompt=consent'];
const refreshEarly = 'OIDCRefreshAccessTokenBeforeExpiry 57';
const rotating = { rotateRefreshToken: true };

/** How the token endpoint answers to eight requests with a token near its end, and how the API answers to the next three. */
async function story(title, together, refresh, options) {
  const origin = await freeOrigin();
  const refreshes = {};
  let turn = Promise.resolve();
  // The provider is a second away, and answers one request at a time.
  const watch = async (context, next) => {
    if (context.path !== '/token') return next();
    await wait(1000);
    turn = turn.then(next);
    await turn;
    const { body: { error = 'tokens' }, oidc: { body: asked } } = context;
    if (asked.grant_type === 'refresh_token') refreshes[error] = (refreshes[error] ?? 0) + 1;
  };
  const issuer = await startProvider(`${origin}/callback`, { accessTokenSecs: 60, watch, ...options });
  const stop = await startApache(origin, issuer, [...lines, refresh]);
  const open = browser();
  await open(`${origin}/`);
  await wait(4000);
  if (together) await Promise.all(Array.from({ length: 8 }, () => open(`${origin}/`)));
  else for (let n = 0; n < 8; n += 1) await open(`${origin}/`);
  const counted = Object.entries(refreshes).map(([name, count]) => `${count} ${name}`).join(', ');
  const next = [];
  for (let n = 0; n < 3; n += 1) {
    next.push(await open(`${origin}/`));
    await wait(4000);
  }
  await stop();
  return `${title}: ${counted}; API: ${next.join(' ')}`;
}

const stories = await Promise.all([
  story('one after another', false, refreshEarly, rotating),
  story('together', true, refreshEarly, rotating),
  story('together, logout_on_error', true, `${refreshEarly} logout_on_error`, rotating),
  story('together, refresh tokens that last', true, refreshEarly, { rotateRefreshToken: false }),
]);
console.log(stories.join('\n'));
process.exit();
JS

seen=$(node ask.mjs 2>errors) || { cat errors >&2; exit 1; }
echo "$seen"
expected='one after another: 1 tokens; API: 200 200 200
together: 1 tokens, 7 invalid_grant; API: 401 401 401
together, logout_on_error: 1 tokens, 7 invalid_grant; API: 200 200 200
together, refresh tokens that last: 8 tokens; API: 200 200 200'
if [ "$seen" != "$expected" ]; then
    echo "it is otherwise by now; expected was:" >&2
    echo "$expected" >&2
    exit 1
fi
