// A provider that is not there.

import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { ADA } from '../../fixtures/peer';

/** How long the application may let a provider rest that has answered with errors. */
const REST_MS = 60_000;

test.beforeEach(async ({ peer }) => {
  await peer.comeBack();
});

atEachProvider({ peerSettings: { ACCESS_TOKEN_TTL: '4' } }, () => {
  test('while the provider is down, the account page says so, the person stays signed in, and it works again', async ({
    signedInThere,
    identityPage,
    unavailablePage,
    homePage,
    header,
    context,
    page,
    peer,
    server,
    watch,
  }) => {
    test.setTimeout(REST_MS + 30_000);
    watch.expectRefusal('/account', 503);
    await peer.untilTokensExpire();
    await peer.goAway('503');

    const response = await page.goto('/account');

    expect(response?.status()).toBe(503);
    expect(Number(response?.headers()['retry-after'])).toBeGreaterThan(0);
    await expect(page).toHaveTitle('Temporarily unavailable · Ironleaf');
    await expect(unavailablePage.heading).toBeVisible();
    await expect(unavailablePage.main).toContainText('You are still signed in');
    await homePage.open();
    await expect(header.accountMenu.button).toBeVisible();
    expect((await context.cookies(server.origin)).map(({ name }) => name)).toContain('ironleaf-session');

    await peer.comeBack();
    await page.goto('/account');
    await expect(async () => {
      if (await unavailablePage.heading.isVisible()) await unavailablePage.tryAgain.click();
      await expect(identityPage.identity).toContainText(signedInThere.email, { timeout: 500 });
    }).toPass({ timeout: REST_MS });
  });

  test('while the provider is down, a person can sign out', async ({
    signedInThere,
    header,
    homePage,
    context,
    peer,
    server,
    page,
    watch,
  }) => {
    expect(signedInThere.email).toContain('@');
    watch.expectRefusal(peer.kind === 'oidc-provider' ? '/session/end' : '/api/auth/oauth2/end-session', 503);
    await peer.goAway('503');

    await header.pressLogout();

    // The page of the provider, which is not ours to change.
    await expect(page).toHaveURL((url) => url.origin === peer.origin);
    await homePage.open();
    await expect(header.login).toBeVisible();
    expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
  });

  test('a provider that is lost between its page and ours leaves a page in plain words', async ({
    providerLoginPage,
    provider,
    callbackPage,
    identityPage,
    page,
    peer,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 503);
    await providerLoginPage.open('?return_to=/account');
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();
    await peer.loseNextTokens();

    await provider.choose(ADA);

    await expect(callbackPage.heading).toHaveText('Temporarily unavailable');
    await callbackPage.ready();
    await callbackPage.tryAgain.click();
    await expect(page).toHaveURL(/\/login\?return_to=/);
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    // The provider knows Ada by now.
    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });
});

test.describe('at oidc-provider, which is asked before the browser leaves', () => {
  test.use({ serverOptions: { peer: 'oidc-provider', peerSettings: { ACCESS_TOKEN_TTL: '4' } } });

  for (const how of ['503', 'reset'] as const) {
    test(`while it is down (${how}), the login page says so and stays`, async ({
      providerLoginPage,
      provider,
      toasts,
      page,
      peer,
    }) => {
      test.setTimeout(REST_MS + 30_000);
      await providerLoginPage.open('?return_to=/account');
      await peer.goAway(how);

      await providerLoginPage.continue.click();

      await expect(page).toHaveURL('/login?return_to=/account');
      await expect(toasts.alert).toContainText('Please try again in a moment.');
      await providerLoginPage.ready();
      await peer.comeBack();
      await expect(async () => {
        await providerLoginPage.open('?return_to=/account');
        await providerLoginPage.continue.click();
        await expect(provider.person(ADA)).toBeVisible({ timeout: 500 });
      }).toPass({ timeout: REST_MS });
    });
  }
});
