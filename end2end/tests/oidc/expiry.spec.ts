// Access tokens that live for three seconds: what is renewed silently, and what ends a session.

import { IdentityPage } from '../../pages/identity';
import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { ADA, PROVIDER_NAME } from '../../fixtures/peer';

const EXPIRED = 'Your session has expired, please log in again.';

atEachProvider({ peerSettings: { ACCESS_TOKEN_TTL: '3' } }, () => {
  test('nobody notices that an access token has expired', async ({ signedInThere, identityPage, toasts, page, peer }) => {
    await identityPage.open();
    for (let time = 1; time <= 2; time += 1) {
      const before = await peer.refreshes();
      await peer.untilTokensExpire();

      const response = await page.reload();

      expect(response?.status()).toBe(200);
      await expect(page).toHaveURL('/account');
      await expect(identityPage.identity).toContainText(signedInThere.email);
      await expect(toasts.region).not.toContainText(/\w/);
      expect(await peer.refreshes()).toBe(before + 1);
    }
  });

  test('a page that needs no token renews none', async ({ signedInThere, homePage, header, peer }) => {
    expect(signedInThere.email).toContain('@');
    const before = await peer.refreshes();
    await peer.untilTokensExpire();

    await homePage.open();

    await expect(header.accountMenu.button).toBeVisible();
    expect(await peer.refreshes()).toBe(before);
  });

  test('two tabs that wake up at once both go on', async ({
    signedInThere,
    identityPage,
    context,
    page,
    peer,
    javaScriptEnabled,
  }) => {
    const tab = await context.newPage();
    await Promise.all([page.goto('/account'), tab.goto('/account')]);
    await peer.untilTokensExpire();

    await Promise.all([page.reload(), tab.reload()]);

    for (const shown of [identityPage, new IdentityPage(tab, Boolean(javaScriptEnabled), PROVIDER_NAME)]) {
      await expect(shown.identity).toContainText(signedInThere.email);
    }
  });

  test('a grant that the provider has ended ends the session, which says so once', async ({
    signedInThere,
    providerLoginPage,
    identityPage,
    toasts,
    page,
    peer,
  }) => {
    await peer.untilTokensExpire();
    await peer.revokeGrants(signedInThere);

    await page.goto('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(toasts.region).toContainText(EXPIRED);
    await providerLoginPage.open('?return_to=/account');
    await expect(toasts.region).not.toContainText(EXPIRED);
    // The provider itself still knows Ada.
    await providerLoginPage.continue.click();
    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });
});
