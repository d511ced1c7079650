import { SHORT_LIVED, expect, test, untilTokensEnd } from '../../fixtures/better-auth';

test.use({ serverOptions: SHORT_LIVED });

test('nobody notices that a token has ended', async ({ ada, identityPage, toasts, page }) => {
  await identityPage.open();
  for (let time = 1; time <= 2; time += 1) {
    await untilTokensEnd();

    const response = await page.reload();

    expect(response?.status()).toBe(200);
    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ada.email);
    await expect(toasts.region).not.toContainText(/\w/);
  }
});

test('a session that the auth server has ended says so once', async ({ loginPage, toasts, page, peer }) => {
  const person = { email: 'tess@example.org', password: 'a password only for tests' };
  await loginPage.open();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');
  await peer.endOwnSessions(person);

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(toasts.region).toContainText('Your session has expired, please log in again.');
  await loginPage.open();
  await expect(toasts.region).not.toContainText('expired');
});
