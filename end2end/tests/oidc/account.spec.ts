// The account page if people change their account at the provider.

import { atEachProvider, expect, test } from '../../fixtures/oidc';

const ACCOUNT_URL = 'https://id.example.org/account';

atEachProvider({}, () => {
  test('the account page shows who the person is, and no form', async ({ signedInThere, identityPage, page }) => {
    const response = await identityPage.open();

    expect(response.status()).toBe(200);
    expect(response.headers()['cache-control']).toContain('no-store');
    await expect(page).toHaveTitle('Account · Ironleaf');
    await expect(identityPage.heading).toBeVisible();
    await expect(identityPage.breadcrumb).toContainText('Account');
    await expect(identityPage.identity).toContainText(signedInThere.name);
    await expect(identityPage.identity).toContainText(signedInThere.email);
    await expect(identityPage.roles).toHaveText(['admin', 'user']);
    await expect(identityPage.main.getByRole('textbox')).toHaveCount(0);
    await expect(identityPage.main.getByRole('button')).toHaveCount(0);
    await expect(identityPage.manage).toHaveCount(0);
  });

  for (const path of ['/register', '/reset-password', '/set-password', '/account/delete', '/email-verification']) {
    test(`there is no ${path}`, async ({ signedInThere, notFoundPage, page, watch }) => {
      expect(signedInThere.email).toContain('@');
      watch.expectRefusal(path, 404);

      const response = await page.goto(path);

      expect(response?.status()).toBe(404);
      await expect(notFoundPage.heading).toBeVisible();
    });
  }
});

test.describe('with an address for accounts', () => {
  test.use({ serverOptions: { peer: 'oidc-provider', settings: { OIDC_ACCOUNT_URL: ACCOUNT_URL } } });

  test('the account page leads to the account at the provider', async ({ signedInThere, identityPage }) => {
    expect(signedInThere.email).toContain('@');
    await identityPage.open();

    await expect(identityPage.manage).toHaveAttribute('href', ACCOUNT_URL);
  });
});
