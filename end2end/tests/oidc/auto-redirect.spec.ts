// OIDC_AUTO_REDIRECT: the login page leads to the provider without a click, and never in circles.

import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { ADA } from '../../fixtures/peer';

atEachProvider({ settings: { OIDC_AUTO_REDIRECT: 'true' } }, () => {
  test('a visitor of a private page is at the provider at once, and comes back', async ({
    provider,
    identityPage,
    page,
    peer,
  }) => {
    await page.goto('/account');
    await expect(page).toHaveURL((url) => url.origin === peer.origin);

    await provider.choose(ADA);

    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  test('a person who has signed out is not signed in again', async ({
    homePage,
    provider,
    providerLoginPage,
    header,
    toasts,
    page,
  }) => {
    await page.goto('/login');
    await provider.choose(ADA);
    await expect(page).toHaveURL('/');
    await homePage.shown();

    await header.pressLogout();
    await provider.agreeToSignOut();

    await expect(page).toHaveURL('/');
    await expect(toasts.status).toContainText('You have been logged out.');
    await homePage.ready();
    await header.login.click();
    await expect(page).toHaveURL('/login');
    await expect(providerLoginPage.continue).toBeVisible();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();
  });

  test('somebody who cancels is not sent there again without a click', async ({
    provider,
    providerLoginPage,
    callbackPage,
    page,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 403);
    await page.goto('/login?return_to=/account');
    await provider.cancel.click();
    await expect(callbackPage.heading).toHaveText('You were not logged in');
    await callbackPage.ready();

    await callbackPage.tryAgain.click();

    await expect(page).toHaveURL(/\/login\?return_to=/);
    await expect(providerLoginPage.continue).toBeVisible();
    await providerLoginPage.ready();
    await providerLoginPage.continue.click();
    await provider.choose(ADA);
    await expect(page).toHaveURL('/account');
  });

  test('somebody whose session the provider has ended reads so first', async ({
    provider,
    providerLoginPage,
    toasts,
    page,
    peer,
  }) => {
    await page.goto('/account');
    await provider.choose(ADA);
    await expect(page).toHaveURL('/account');
    await peer.endSessions(ADA);

    await page.goto('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(toasts.region).toContainText('You have been logged out where you log in for this site');
    await expect(providerLoginPage.continue).toBeVisible();
  });
});

// Chromium applies `form-action` of our pages to every redirect that follows a form, also to those of pages that lead on
// by themselves.
test.describe('after a form', () => {
  test.use({
    serverOptions: {
      peer: 'oidc-provider',
      settings: { OIDC_AUTO_REDIRECT: 'true' },
      peerSettings: { ACCESS_TOKEN_TTL: '4' },
    },
  });

  test.beforeEach(async ({ provider, identityPage, peer, page }) => {
    await peer.comeBack();
    await page.goto('/account');
    await provider.choose(ADA);
    await identityPage.shown();
  });

  test('a person whose session has gone is at the provider after they choose a theme', async ({
    header,
    provider,
    identityPage,
    context,
    page,
    peer,
    server,
    javaScriptEnabled,
  }) => {
    await context.clearCookies({ domain: new URL(server.origin).hostname });
    await context.clearCookies({ domain: new URL(peer.origin).hostname });

    await header.chooseTheme('Dark');
    // With scripts, the page stays.
    if (javaScriptEnabled) await page.reload();

    await provider.choose(ADA);
    await expect(page).toHaveURL('/account');
    await expect(identityPage.html).toHaveClass('dark');
  });

  test('a person whose session has gone is at the provider after they try again', async ({
    unavailablePage,
    provider,
    identityPage,
    context,
    page,
    peer,
    server,
    watch,
  }) => {
    watch.expectRefusal('/account', 503);
    await peer.untilTokensExpire();
    await peer.goAway('503');
    await page.goto('/account');
    await unavailablePage.shown();
    await peer.comeBack();
    await context.clearCookies({ domain: new URL(server.origin).hostname });
    await context.clearCookies({ domain: new URL(peer.origin).hostname });

    await unavailablePage.tryAgain.click();

    await provider.choose(ADA);
    await expect(page).toHaveURL(/\/account\??$/);
    await expect(identityPage.identity).toContainText(ADA.email);
  });
});
