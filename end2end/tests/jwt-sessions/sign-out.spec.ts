// A sign-out ends the session here and at the API.

import { expect, test } from '../../fixtures/jwt-sessions';

test('signing out ends the session here and at the API', async ({ adaSignedIn, homePage, header, context, page, peer }) => {
  expect(adaSignedIn.email).toContain('@');
  const { open } = await peer.sessions();
  expect(open).toBeGreaterThan(0);
  await homePage.open();

  await header.signOut();

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toHaveCount(0);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
  expect((await peer.sessions()).open).toBe(open - 1);
});

test('the back button shows no private page after signing out', async ({ adaSignedIn, identityPage, header, page }) => {
  await identityPage.open();
  await header.signOut();

  await page.goBack();

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(page.getByText(adaSignedIn.email)).toHaveCount(0);
});

test.describe('while the API is away', () => {
  // No other test has this API.
  test.use({ serverOptions: { peer: 'jwt-sessions', peerSettings: { ACCESS_TOKEN_TTL: '600' } } });

  test('a sign-out is over all the same', async ({ adaSignedIn, homePage, header, page, peer }) => {
    expect(adaSignedIn.email).toContain('@');
    await homePage.open();
    await peer.goAway('reset');

    await header.signOut();

    await page.goto('/account');
    await expect(page).toHaveURL('/login?return_to=/account');
    await peer.comeBack();
  });
});
