// Configuration of better-auth with its OAuth provider, and what its database holds at the start.

import { createHash } from 'node:crypto';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { jwt } from 'better-auth/plugins';
import { claimsOf, people } from '../common/people.mjs';

export const password = 'a password only for tests';
// The library knows nobody without an e-mail address, so one of the people is missing here.
export const members = people.filter(({ email }) => email);

const keyPairs = {
  RS256: { alg: 'RS256', modulusLength: 2048 },
  PS256: { alg: 'PS256', modulusLength: 2048 },
  ES256: { alg: 'ES256' },
  EdDSA: { alg: 'EdDSA', crv: 'Ed25519' },
};

export function database(settings) {
  const now = new Date();
  const stamps = { createdAt: now, updatedAt: now };
  return {
    user: members.map(({ sub, name, email, emailVerified }) => ({
      id: sub, name, email, emailVerified: Boolean(emailVerified), image: null, ...stamps,
    })),
    account: members.map(({ sub }) => ({
      id: `account-${sub}`, userId: sub, accountId: sub, providerId: 'credential', password, ...stamps,
    })),
    oauthClient: [clientRow(settings, stamps)],
    session: [], verification: [], jwks: [], oauthResource: [], oauthClientResource: [], oauthRefreshToken: [], oauthAccessToken: [],
    oauthConsent: [], oauthClientAssertion: [],
  };
}

// Written straight into the database: the library's registration takes no http addresses on this machine for back-channel logout.
function clientRow({ client, consent }, stamps) {
  return {
    id: 'client',
    clientId: client.id,
    clientSecret: client.secret && createHash('sha256').update(client.secret).digest('base64url'),
    name: 'Ironleaf',
    disabled: false,
    skipConsent: consent === 'skip',
    enableEndSession: true,
    redirectUris: client.redirectUris,
    postLogoutRedirectUris: client.postLogoutRedirectUris,
    backchannelLogoutUri: client.backchannelLogoutUri,
    backchannelLogoutSessionRequired: client.backchannelSid,
    tokenEndpointAuthMethod: client.auth,
    jwks: client.jwks && JSON.stringify(client.jwks),
    applicationType: 'web',
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    clientCredentialsScopes: [],
    dpopBoundAccessTokens: false,
    ...stamps,
  };
}

export function createAuth(settings, db) {
  const { origin, pathname } = new URL(settings.issuer);
  return betterAuth({
    baseURL: origin,
    basePath: pathname,
    secret: 'a secret of the provider, only for tests',
    database: memoryAdapter(db),
    logger: { level: 'error' },
    telemetry: { enabled: false },
    // In production the library allows an address 20 calls of the token endpoint per minute.
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      // Passwords are no secret here, and hashing them would only make tests slow.
      password: { hash: async (plain) => plain, verify: async ({ hash, password: plain }) => hash === plain },
    },
    databaseHooks: { session: { delete: { after: async ({ id }) => forgetSession(db, id) } } },
    plugins: [
      jwt({ jwks: { keyPairConfig: keyPairs[settings.idTokenAlg] }, disableSettingJwtHeader: true }),
      oauthProvider(providerOptions(settings)),
      control,
    ],
  });
}

function providerOptions({ accessTokenTtl, refreshTokenTtl, reuseIntervalSecs, claimsIn, audience }) {
  const claims = ({ user }) => claimsOf(members.find(({ sub }) => sub === user.id));
  return {
    loginPage: '/sign-in',
    consentPage: '/consent',
    scopes: ['openid', 'profile', 'email', 'offline_access', ...(audience ? ['api:read', 'api:write'] : [])],
    accessTokenExpiresIn: accessTokenTtl,
    idTokenExpiresIn: 3600,
    refreshTokenExpiresIn: refreshTokenTtl,
    refreshTokenReuseInterval: reuseIntervalSecs,
    resources: audience ? [audience] : undefined,
    enforcePerClientResources: false,
    customUserInfoClaims: claims,
    // The library keeps names and e-mail addresses out of ID tokens; what it does not keep out is what its operator adds here.
    customIdTokenClaims: claimsIn === 'id_token' ? claims : undefined,
    silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
  };
}

// What a foreign key does in an SQL database: tokens outlive a session, and then belong to none.
function forgetSession(db, sessionId) {
  for (const row of [...db.oauthRefreshToken, ...db.oauthAccessToken]) if (row.sessionId === sessionId) row.sessionId = null;
}

// Back-channel logout is sent where a session ends inside an endpoint, so the control listener needs one.
const control = {
  id: 'control',
  endpoints: {
    endSessions: createAuthEndpoint.serverOnly({ method: 'POST' }, async (context) => {
      const { sub } = context.body;
      const sessions = await context.context.internalAdapter.listSessions(sub);
      for (const { token } of sessions) await context.context.internalAdapter.deleteSession(token);
      return { sessions: sessions.map(({ id }) => id) };
    }),
  },
};
