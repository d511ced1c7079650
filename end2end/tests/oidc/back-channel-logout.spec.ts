// A sign-out that begins at the provider, which tells the application behind the browser's back.

import { IdentityPage } from '../../pages/identity';
import { ProviderPages } from '../../pages/provider';
import { ProviderLoginPage } from '../../pages/provider-login';
import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { ADA, EVA, PROVIDER_NAME } from '../../fixtures/peer';

atEachProvider({}, () => {
  test('the provider ends the session while a page is open: the next click says why', async ({
    signedInThere,
    header,
    providerLoginPage,
    provider,
    identityPage,
    toasts,
    page,
    peer,
  }) => {
    await expect(header.accountMenu.button).toBeVisible();
    await peer.endSessions(signedInThere);

    await header.accountMenu.open();
    await header.accountMenu.item('Settings').click();

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(toasts.region).toContainText('You have been logged out where you log in for this site');
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    await provider.choose(ADA);
    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  test('the provider ends one person’s sessions and not another’s', async ({
    signedInThere,
    browser,
    page,
    peer,
    server,
    javaScriptEnabled,
  }) => {
    const elsewhere = await browser.newContext({ baseURL: server.origin, javaScriptEnabled });
    const theirs = await elsewhere.newPage();
    const login = new ProviderLoginPage(theirs, Boolean(javaScriptEnabled), PROVIDER_NAME);
    await login.open('?return_to=/account');
    await login.continue.click();
    await new ProviderPages(theirs, peer).choose(EVA);
    await expect(theirs).toHaveURL('/account');

    await peer.endSessions(signedInThere);

    await page.goto('/account');
    await expect(page).toHaveURL('/login?return_to=/account');
    await theirs.goto('/account');
    await expect(theirs).toHaveURL('/account');
    await expect(new IdentityPage(theirs, Boolean(javaScriptEnabled), PROVIDER_NAME).identity).toContainText(EVA.email);
    await elsewhere.close();
  });
});
