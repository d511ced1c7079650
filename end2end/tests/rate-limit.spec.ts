// Password guessing.

import { expect, test } from '../fixtures/test';

test('after too many guesses, even the right password has to wait', async ({
  loginPage,
  toasts,
  person,
  server,
  page,
  context,
  watch,
  javaScriptEnabled,
}) => {
  watch.expectRefusal('/api/sign-in', 401, 429);
  // Two failures are free. Then the person has to wait.
  const origin = await server.startReplica({ RATE_LIMIT_STRICT: '2/15m' });
  await page.goto(`${origin}/login`);
  await loginPage.ready();
  for (let guess = 1; guess <= 2; guess += 1) {
    await Promise.all([
      page.waitForResponse((response) => new URL(response.url()).pathname === '/api/sign-in'),
      loginPage.signIn({ ...person, password: `guess ${guess}` }),
    ]);
    await expect(toasts.alert.last()).toContainText('Login failed');
    await loginPage.ready();
  }

  await loginPage.signIn(person);

  if (javaScriptEnabled) {
    await expect(toasts.alert.last()).toContainText(/^Too many attempts\. Please try again in \d+ /);
  } else {
    await expect(page.getByRole('heading', { level: 1, name: 'Too many attempts' })).toBeVisible();
    await expect(page.getByRole('main')).toContainText(/Please try again in \d+ /);
    await page.getByRole('link', { name: 'Go back to the form' }).click();
  }
  await expect(page).toHaveURL(`${origin}/login`);
  await expect(loginPage.email).toHaveValue(person.email);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});
