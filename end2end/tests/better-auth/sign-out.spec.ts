import { expect, test } from '../../fixtures/better-auth';

test('a sign-out ends the session here and at the auth server', async ({ loginPage, header, toasts, page, peer }) => {
  const person = { email: 'eva@example.org', password: 'a password only for tests' };
  await loginPage.open();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');
  const before = await peer.ownSessions(person);

  await header.signOut();

  await expect(toasts.region).toContainText('You have been logged out.');
  expect(await peer.ownSessions(person)).toBe(before - 1);
  await page.goto('/account');
  await expect(page).toHaveURL('/login?return_to=/account');
});
