import { ADA, expect, test } from '../../fixtures/better-auth';

test('a person signs in and comes back to the page they wanted', async ({ loginPage, identityPage, page }) => {
  await page.goto('/account');
  await expect(page).toHaveURL('/login?return_to=/account');
  await loginPage.signIn(ADA);

  await expect(page).toHaveURL('/account');
  await expect(identityPage.identity).toContainText('Ada Admin');
  await expect(identityPage.identity).toContainText(ADA.email);
  await expect(identityPage.roles).toHaveText(['admin', 'user']);
});

test('a wrong password signs nobody in', async ({ loginPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  await loginPage.signIn({ ...ADA, password: 'wrong' });

  await expect(toasts.region).toContainText('Login failed. Please check your credentials.');
  await expect(page).toHaveURL('/login');
  await expect(loginPage.email).toHaveValue(ADA.email);
});

test('what the auth server cannot do is not offered', async ({ loginPage, page }) => {
  await loginPage.open();
  await expect(loginPage.signUp).toBeVisible();
  await expect(loginPage.forgotPassword).toHaveCount(0);
  const answer = await page.request.get('/reset-password');
  expect(answer.status()).toBe(404);
});

test('no cookie of the auth server reaches the browser', async ({ ada, context }) => {
  expect(ada.email).toContain('@');
  const names = (await context.cookies()).map(({ name }) => name);
  expect(names.filter((name) => name.includes('better-auth'))).toEqual([]);
});
