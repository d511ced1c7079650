// Access tokens that live for three seconds: what is renewed silently, and what ends a session.

import { expect, test } from '../../fixtures/jwt-sessions';
import { ADA } from '../../fixtures/peer';

const EXPIRED = 'Your session has expired, please log in again.';

const SHORT = { ACCESS_TOKEN_TTL: '3' };

/** Clocks may differ by this much, so a token has certainly ended only then. */
const SKEW_MS = 31_000;

test.describe('without a reuse handler', () => {
  test.use({
    serverOptions: {
      peer: 'jwt-sessions',
      peerSettings: { ...SHORT, REUSE_HANDLER: 'off' },
      settings: { JWT_SESSIONS_REUSE_HANDLER: 'false' },
    },
  });

  test('nobody notices that an access token has expired', async ({ adaSignedIn, identityPage, toasts, page, peer }) => {
    await identityPage.open();
    for (let time = 1; time <= 2; time += 1) {
      const before = await peer.refreshes();
      await peer.untilTokensExpire();

      const response = await page.reload();

      expect(response?.status()).toBe(200);
      await expect(identityPage.identity).toContainText(adaSignedIn.email);
      await expect(toasts.region).not.toContainText(/\w/);
      expect(await peer.refreshes()).toBe(before + 1);
    }
  });

  test('a session that the API has ended says so once, and the person comes back', async ({
    adaSignedIn,
    loginPage,
    toasts,
    page,
    peer,
  }) => {
    await peer.untilTokensExpire();
    await peer.revokeGrants(adaSignedIn);

    await page.goto('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(toasts.region).toContainText(EXPIRED);
    await loginPage.open('?return_to=/account');
    await expect(toasts.region).not.toContainText(EXPIRED);
    await loginPage.signIn({ email: ADA.email, password: 'password1' });
    await expect(page).toHaveURL('/account');
  });
});

test.describe('with a reuse handler', () => {
  test.use({ serverOptions: { peer: 'jwt-sessions', peerSettings: SHORT } });

  test('two tabs that wake up at once both go on, and no refresh counts as theft', async ({
    adaSignedIn,
    identityPage,
    context,
    page,
    peer,
  }) => {
    test.setTimeout(2 * SKEW_MS + 30_000);
    const tab = await context.newPage();
    await Promise.all([page.goto('/account'), tab.goto('/account')]);
    const before = await peer.refreshes();
    await peer.untilTokensExpire(SKEW_MS);

    await Promise.all([page.reload(), tab.reload()]);

    await expect(identityPage.identity).toContainText(adaSignedIn.email);
    await expect(tab.getByRole('region', { name: 'You', exact: true })).toContainText(adaSignedIn.email);
    expect(await peer.refreshes()).toBe(before + 1);
    expect((await peer.sessions()).reported).toBe(0);
  });
});
