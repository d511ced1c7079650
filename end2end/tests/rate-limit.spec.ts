// Guessing passwords.

import { expect, test } from '../fixtures/test';

test('whoever guesses has to wait, even for the right password', async ({
  loginPage,
  toasts,
  person,
  server,
  page,
  context,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 401, 429);
  // Two mistakes are free, and a third makes one wait.
  const origin = await server.startReplica({ RATE_LIMIT_STRICT: '2/15m' });
  await page.goto(`${origin}/login`);
  await loginPage.ready();
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
  await expect(page).toHaveURL(`${origin}/login`);
  await expect(loginPage.email).toHaveValue(person.email);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});
