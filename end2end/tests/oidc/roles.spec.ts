// Only people with certain roles are signed in.

import { atEachProvider, expect, test } from '../../fixtures/oidc';
import { ADA, EVA, ROLF } from '../../fixtures/peer';

atEachProvider({ settings: { SIGN_IN_ROLES: 'admin,evaluator' } }, () => {
  for (const member of [ADA, EVA]) {
    test(`${member.name} is let in`, async ({ providerLoginPage, provider, identityPage, page }) => {
      await providerLoginPage.open('?return_to=/account');
      await providerLoginPage.continue.click();

      await provider.choose(member);

      await expect(page).toHaveURL('/account');
      await expect(identityPage.identity).toContainText(member.email);
    });
  }

  test('a person without such a role reads so, and is not signed in', async ({
    providerLoginPage,
    provider,
    callbackPage,
    context,
    page,
    server,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 403);
    await providerLoginPage.open('?return_to=/account');
    await providerLoginPage.continue.click();

    await provider.choose(ROLF);

    await expect(callbackPage.heading).toHaveText('Not allowed');
    await expect(callbackPage.main).toContainText('none of the roles');
    await expect(callbackPage.tryAgain).toBeVisible();
    expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
    await page.goto('/account');
    await expect(page).toHaveURL('/login?return_to=/account');
  });
});
