// Guessing passwords. Two mistakes are free here, and a third makes one wait.

import { expect, test } from '../fixtures/test';

test.use({ serverOptions: { settings: { RATE_LIMIT_STRICT: '2/15m' } } });

test('whoever guesses has to wait, even for the right password', async ({
  loginPage,
  toasts,
  person,
  page,
  context,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 401, 429);
  await loginPage.open();
  for (let guess = 1; guess <= 3; guess += 1) {
    await Promise.all([
      page.waitForResponse((response) => new URL(response.url()).pathname === '/api/sign-in'),
      loginPage.signIn({ ...person, password: `guess ${guess}` }),
    ]);
    await expect(toasts.alert.last()).toContainText('Login failed');
    await loginPage.ready();
  }

  await loginPage.signIn(person);

  await expect(toasts.alert.last()).toContainText('Too many attempts');
  await expect(page).toHaveURL('/login');
  await expect(loginPage.email).toHaveValue(person.email);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});
