// A commercetools project: sign-in, expiry and sign-out.

import { EVA_AS_STORED, PASSWORD, expect, test } from '../../fixtures/commercetools';
import { ADA } from '../../fixtures/peer';

test('a person signs in, sees who they are, and leaves', async ({ signedInThere, identityPage, header, page }) => {
  await identityPage.open();
  await expect(identityPage.identity).toContainText(signedInThere.email);
  await expect(identityPage.identity).toContainText(signedInThere.name);
  await expect(identityPage.main.getByRole('textbox')).toHaveCount(0);

  await header.signOut();

  await expect(page).toHaveURL('/');
  await expect(header.login).toBeVisible();
});

test('the login page leads to no page that is not there', async ({ loginPage, page, watch }) => {
  await loginPage.open();
  await expect(loginPage.email).toBeVisible();
  await expect(loginPage.signUp).toBeVisible();
  await expect(loginPage.forgotPassword).toHaveCount(0);

  watch.expectRefusal('/reset-password', 404);
  const response = await page.goto('/reset-password');
  expect(response?.status()).toBe(404);
});

test('an address is sent as it is typed', async ({ loginPage, page }) => {
  await loginPage.open();
  await loginPage.signIn({ email: EVA_AS_STORED, password: PASSWORD });
  await expect(page).toHaveURL('/');
});

test.describe('with access tokens that live for three seconds', () => {
  test.use({ serverOptions: { peer: 'commercetools-mock', peerSettings: { ACCESS_TOKEN_TTL: '3' } } });

  test('nobody notices that one has expired', async ({ signedInThere, identityPage, page, peer }) => {
    await identityPage.open();
    const before = await peer.refreshes();
    await peer.untilTokensExpire();

    const response = await page.reload();

    expect(response?.status()).toBe(200);
    await expect(identityPage.identity).toContainText(signedInThere.email);
    expect(await peer.refreshes()).toBe(before + 1);
  });

  test('tokens that were revoked end the session, which says so', async ({ signedInThere, toasts, page, peer }) => {
    expect(signedInThere.email).toContain('@');
    await peer.revokeGrants({ ...ADA, sub: 'c-ada' });
    await peer.untilTokensExpire();

    await page.goto('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(toasts.region).toContainText('Your session has expired, please log in again.');
  });
});
