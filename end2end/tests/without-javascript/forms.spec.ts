import { expect, test } from '../../fixtures/test';

test('the button is enabled as it comes from the server', async ({ loginPage }) => {
  await loginPage.open();

  await expect(loginPage.login).toBeEnabled();
});

test('a message stands on the page after the redirect', async ({ loginPage, toasts, person, page }) => {
  await loginPage.open();

  const [response] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === '/api/sign-in'),
    loginPage.signIn({ ...person, password: 'not the password' }),
  ]);

  expect([302, 303]).toContain(response.status());
  await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
  // Out of a sealed cookie, not out of the address.
  expect(new URL(page.url()).search).toBe('');
});
