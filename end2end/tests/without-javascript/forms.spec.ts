// What only a browser without scripts shows: buttons that are always enabled, and messages that are part of the page.

import type { Page } from '@playwright/test';

import { stranger } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('every button is enabled as it comes from the server', async ({
  signedIn,
  loginPage,
  resetPasswordPage,
  setPasswordPage,
  context,
}) => {
  expect(signedIn.email).toContain('@');
  await setPasswordPage.open();
  await expect(setPasswordPage.updatePassword).toBeEnabled();
  await context.clearCookies();
  await loginPage.open();
  await expect(loginPage.login).toBeEnabled();
  await resetPasswordPage.open();
  await expect(resetPasswordPage.resetPassword).toBeEnabled();
});

test('a message is on the page after the redirect', async ({ loginPage, toasts, person, page }) => {
  await loginPage.open();

  const status = await statusOf(page, '/api/sign-in', () =>
    loginPage.signIn({ ...person, password: 'not the password' }),
  );

  expect([302, 303]).toContain(status);
  await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
  // The message comes from a sealed cookie, not from the address.
  expect(new URL(page.url()).search).toBe('');
});

test('two clicks register once and sign in', async ({ registerPage, page }) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.fill(person);

  await registerPage.register.dblclick();

  await expect(page).toHaveURL('/');
  await expect(page.getByRole('button', { name: 'Account menu' })).toBeVisible();
  await expect(page.locator('body')).not.toContainText('already exists');
});

test('two clicks on the button for a new password do not sign the person out', async ({ signedIn, accountPage, toasts, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  await accountPage.fill({ password: 'a new password' });

  await accountPage.update.dblclick();

  await expect(page).toHaveURL('/account');
  await expect(toasts.status).toContainText('Account updated successfully');
});

test('passwords are not filled in again', async ({ registerPage, page }) => {
  await registerPage.open();

  await registerPage.send({ email: 'ada@example.com', password: 'a password 7f3a' }, 'another one 7f3a');

  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('Passwords must match');
  await expect(registerPage.password).toHaveValue('');
  await expect(registerPage.confirmPassword).toHaveValue('');
  expect(await page.content()).not.toContain('7f3a');
});

test('the server reports an invalid address in its own words', async ({ resetPasswordPage, page }) => {
  await resetPasswordPage.open();

  await resetPasswordPage.send('ada.example.com');

  await expect(resetPasswordPage.email).toHaveAccessibleDescription('Invalid email address');
  await expect(resetPasswordPage.email).toBeFocused();
  await expect(page).toHaveURL('/reset-password');
});

test('the account page leads to a page that deletes the account', async ({ signedIn, accountPage, deleteAccountPage, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();

  await page.locator('a[href="/account/delete"]').click();

  await expect(deleteAccountPage.heading).toBeVisible();
});

async function statusOf(page: Page, path: string, act: () => Promise<void>): Promise<number> {
  const [response] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === path),
    act(),
  ]);
  return response.status();
}
