// Configuration of npm oidc-provider, in the words of its documentation.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { errors } from 'oidc-provider';
import { claimsOf, people } from '../common/people.mjs';
import { escape, page } from '../common/page.mjs';
import { Adapter } from './store.mjs';

const openidScopes = ['openid', 'profile', 'email', 'offline_access'];
const twoWeeks = 14 * 24 * 3600;

const keyPairs = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

export const newKey = (alg) => ({
  ...keyPairs[alg]().privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID(),
});

/** `keys` are private JWKs. The first one signs, all are published. */
export function configuration(settings, keys) {
  return {
    adapter: Adapter,
    jwks: { keys: structuredClone(keys) },
    clients: [client(settings)],
    findAccount: (_context, sub) => account(sub),
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'roles', 'realm_access', 'groups'],
    },
    scopes: openidScopes,
    responseTypes: ['code'],
    clientAuthMethods: [settings.client.auth],
    conformIdTokenClaims: settings.claimsIn === 'userinfo',
    features: features(settings),
    interactions: { url: (_context, { uid }) => `${prefixOf(settings.issuer)}/interaction/${uid}` },
    loadExistingGrant: (context) => grantFor(context, settings),
    ...refreshTokens(settings),
    pkce: { required: () => true },
    // The default of 15 s lets a token live that much longer, which short lives in tests would notice.
    clockTolerance: 0,
    cookies: { names: { session: 'peer_session', interaction: 'peer_interaction', resume: 'peer_resume' } },
    ttl: {
      AccessToken: () => settings.accessTokenTtl,
      IdToken: () => 3600,
      Interaction: () => 3600,
      Session: () => twoWeeks,
      Grant: () => Math.max(twoWeeks, 2 * settings.refreshTokenTtl),
      RefreshToken: () => settings.refreshTokenTtl,
    },
    clientBasedCORS: () => false,
    renderError: (context, out) => {
      const rows = Object.entries(out).map(([name, value]) => `${name}: ${value}`).join('\n');
      context.type = 'html';
      context.body = page('The provider cannot go on', `<pre>${escape(rows)}</pre>`);
    },
    fetch: fetchFromLoopback,
  };
}

/** The path of the issuer, without a slash at its end: the provider may live under a path, as many do. */
export const prefixOf = (issuer) => new URL(issuer).pathname.replace(/\/$/, '');

function client({ client: known, idTokenAlg }) {
  return {
    client_id: known.id,
    client_name: 'Ironleaf',
    client_secret: known.secret,
    jwks: known.jwks,
    token_endpoint_auth_method: known.auth,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: known.redirectUris,
    post_logout_redirect_uris: known.postLogoutRedirectUris,
    backchannel_logout_uri: known.backchannelLogoutUri,
    backchannel_logout_session_required: known.backchannelLogoutUri ? known.backchannelSid : undefined,
    id_token_signed_response_alg: idTokenAlg,
    // `auth_time` in every ID token, not only where `max_age` was sent.
    require_auth_time: true,
  };
}

function account(sub) {
  const person = people.find((one) => one.sub === sub);
  return person && { accountId: sub, claims: async () => ({ sub, ...claimsOf(person) }) };
}

function features({ par, audience, audienceScope, accessTokenTtl, idTokenAlg }) {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    introspection: { enabled: false },
    revocation: { enabled: true },
    userinfo: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    pushedAuthorizationRequests: { enabled: par !== 'off', requirePushedAuthorizationRequests: par === 'required' },
    resourceIndicators: {
      enabled: audience !== undefined,
      getResourceServerInfo: (context, resource) => {
        if (resource !== audience) throw new errors.InvalidTarget();
        return {
          audience,
          scope: audienceScope,
          accessTokenFormat: 'jwt',
          accessTokenTTL: accessTokenTtl,
          jwt: { sign: { alg: idTokenAlg } },
        };
      },
    },
  };
}

// The library drops `offline_access` without an error where the request lacks `prompt=consent` (OpenID Connect Core 11), and then gives no
// refresh token. Whether there is one is asked of `issueRefreshToken` alone, so `always` says yes to the client's grant type instead of the
// scope. Such a token would end with the person's session at the provider; `expiresWithSession: false` lets it live as an offline one does.
// With `prompt=consent` the scope survives; the consent itself is given without a page (interaction.mjs).
function refreshTokens({ offlineAccess, rotation }) {
  const rotations = { always: true, never: false };
  return {
    ...(rotation in rotations && { rotateRefreshToken: rotations[rotation] }),
    ...(offlineAccess === 'always' && {
      issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
      expiresWithSession: async () => false,
    }),
  };
}

// The one client is our own, so nobody is asked for consent: a grant of everything is there as soon as the person is known.
async function grantFor(context, settings) {
  const { provider, session, client, result } = context.oidc;
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known)))
    ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  await grantEverything(grant, settings);
  return grant;
}

export async function grantEverything(grant, { audience, audienceScope }) {
  grant.addOIDCScope(openidScopes.join(' '));
  if (audience) grant.addResourceScope(audience, audienceScope);
  return grant.save(Math.max(1, grant.exp ? grant.exp - Math.floor(Date.now() / 1000) : twoWeeks));
}

function logoutSource(context, form) {
  context.body = page('Sign out', `<p>Do you want to sign out of this provider?</p>
${form}
<form><button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button type="submit" form="op.logoutForm">Stay signed in</button></form>`);
}

function postLogoutSuccessSource(context) {
  context.body = page('Signed out', '<p>You are signed out of this provider.</p>');
}

// Back-channel logout goes to a client on this machine, which the library refuses: its dispatcher ends connections to private addresses.
// Without that dispatcher the runtime's own is used.
const fetchFromLoopback = (url, { dispatcher, ...options }) => fetch(url, options);
