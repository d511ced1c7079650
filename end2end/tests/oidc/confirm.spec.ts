// The page that sends a person to the provider to prove again who they are.

import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { EVA } from '../../fixtures/peer';

const THANKS = 'Thank you. You can make your change now.';

atEachProvider({}, () => {
  test('the page names the person and asks for nothing', async ({ signedInThere, providerConfirmPage, page }) => {
    await providerConfirmPage.open('?return_to=/account');

    await expect(page).toHaveTitle(/ · Ironleaf$/);
    await expect(providerConfirmPage.heading).toBeVisible();
    await expect(providerConfirmPage.main).toContainText(signedInThere.email);
    await expect(page.getByRole('textbox')).toHaveCount(0);
    await expect(providerConfirmPage.main.getByRole('button')).toHaveCount(1);
    await expect(providerConfirmPage.back).toHaveAttribute('href', '/account');
  });

  test('the provider asks although it knows the person, and leads back', async ({
    signedInThere,
    providerConfirmPage,
    provider,
    identityPage,
    toasts,
    context,
    page,
    server,
  }) => {
    const session = async () =>
      (await context.cookies(server.origin)).find(({ name }) => name === 'ironleaf-session')?.value;
    const before = await session();
    await providerConfirmPage.open('?return_to=/account');

    await providerConfirmPage.continue.click();
    await provider.choose(signedInThere);

    await expect(page).toHaveURL('/account');
    await expect(toasts.status).toContainText(THANKS);
    await expect(identityPage.identity).toContainText(signedInThere.email);
    expect(await session()).not.toBe(before);
  });

  test('somebody who cancels stays signed in, and can try again', async ({
    signedInThere,
    providerConfirmPage,
    provider,
    callbackPage,
    identityPage,
    page,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 403);
    await providerConfirmPage.open('?return_to=/account');
    await providerConfirmPage.continue.click();

    await provider.cancel.click();

    await expect(callbackPage.heading).toBeVisible();
    await callbackPage.ready();
    await callbackPage.tryAgain.click();
    await expect(page).toHaveURL(/\/confirm\?return_to=/);
    await providerConfirmPage.shown();
    await identityPage.open();
    await expect(identityPage.identity).toContainText(signedInThere.email);
  });

  test('somebody else who signs in at the provider changes nothing here', async ({
    signedInThere,
    providerConfirmPage,
    provider,
    callbackPage,
    identityPage,
    page,
    peer,
    watch,
    javaScriptEnabled,
  }) => {
    watch.expectRefusal('/auth/callback', 403);
    await providerConfirmPage.open('?return_to=/account');
    await providerConfirmPage.continue.click();

    await provider.choose(EVA);
    // oidc-provider ends the session of the other person first, with a form that a script sends.
    if (peer.kind === 'oidc-provider' && !javaScriptEnabled) {
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
    }

    await expect(callbackPage.heading).toHaveText('Nothing was changed');
    await expect(page.getByText(EVA.email)).toHaveCount(0);
    await callbackPage.ready();
    await page.goto('/account');
    if (peer.kind === 'oidc-provider') {
      // It has ended the sessions of the person who left, here and there.
      await expect(page).toHaveURL(/\/login\?return_to=/);
    } else {
      await expect(identityPage.identity).toContainText(signedInThere.email);
    }
  });

  test('without a mouse', async ({ signedInThere, providerConfirmPage, provider, toasts, keyboard, page }) => {
    await providerConfirmPage.open('?return_to=/account');

    await keyboard.press(providerConfirmPage.continue);
    await keyboard.press(provider.person(signedInThere));

    await expect(page).toHaveURL('/account');
    await expect(toasts.status).toContainText(THANKS);
  });

  test('a visitor has to log in', async ({ providerLoginPage, page }) => {
    await page.goto('/confirm?return_to=/account');

    await expect(page).toHaveURL(/\/login\?return_to=/);
    await providerLoginPage.shown();
  });
});
