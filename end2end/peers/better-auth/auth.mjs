// Configuration of better-auth, and what its database holds at the start.

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { admin, jwt } from 'better-auth/plugins';
import { people } from '../common/people.mjs';

export const password = 'a password only for tests';
// The library knows nobody without an e-mail address, so one of the people is missing here.
export const members = people.filter(({ email }) => email);

export function database() {
  const now = new Date();
  const stamps = { createdAt: now, updatedAt: now };
  return {
    user: members.map(({ sub, name, email, emailVerified, roles }) => ({
      id: sub, name, email, emailVerified: Boolean(emailVerified), image: null, role: roles?.join(',') ?? null, banned: false, ...stamps,
    })),
    account: members.map(({ sub }) => ({
      id: `account-${sub}`, userId: sub, accountId: sub, providerId: 'credential', password, ...stamps,
    })),
    session: [], verification: [], jwks: [], rateLimit: [],
  };
}

/** `mails` gets every e-mail with a link. */
export function createAuth(settings, db, mails) {
  const { origin, pathname } = new URL(settings.issuer);
  const rules = Object.entries(settings.limits).filter(([, rule]) => rule);
  return betterAuth({
    baseURL: origin,
    basePath: pathname,
    secret: 'a secret of the auth server, only for tests',
    database: memoryAdapter(db),
    logger: { level: 'error' },
    telemetry: { enabled: false },
    rateLimit: { enabled: rules.length > 0, window: 10, max: 10_000, customRules: Object.fromEntries(rules) },
    advanced: { cookiePrefix: settings.cookiePrefix },
    session: {
      expiresIn: settings.sessionTtl,
      updateAge: settings.updateAge,
      freshAge: settings.freshAge,
      cookieCache: { enabled: settings.cookieCache, maxAge: 300 },
    },
    trustedOrigins: settings.application ? [settings.application] : [],
    user: {
      deleteUser: { enabled: settings.deleteUser },
      changeEmail: {
        enabled: settings.changeEmail !== 'off',
        updateEmailWithoutVerification: settings.changeEmail === 'at-once',
        ...(settings.changeEmail === 'confirmed' && {
          sendChangeEmailConfirmation: async ({ user, url, token }) => { mails.push({ what: 'confirm', to: user.email, url, token }); },
        }),
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, url, token }) => { mails.push({ what: 'verify', to: user.email, url, token }); },
    },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: settings.verification,
      sendResetPassword: async ({ user, url, token }) => { mails.push({ what: 'reset', to: user.email, url, token }); },
      resetPasswordTokenExpiresIn: settings.resetTtl,
      revokeSessionsOnPasswordReset: true,
      // Passwords are no secret here, and hashing them would only make tests slow.
      password: { hash: async (plain) => plain, verify: async ({ hash, password: plain }) => hash === plain },
    },
    plugins: [jwt({ jwt: { expirationTime: `${settings.tokenTtl}s` } }), admin()],
  });
}
