// The page that asks for the password again. old-sign-in.spec.ts shows who is sent to it.

import { expect, test } from '../fixtures/test';

const THANKS = 'Thank you. You can make your change now.';

test('the page asks only for the password', async ({ signedIn, confirmPage, page }) => {
  expect(signedIn.email).toContain('@');
  await confirmPage.open('?return_to=/account');

  await expect(page).toHaveTitle(/ · Ironleaf$/);
  await expect(confirmPage.heading).toBeVisible();
  await expect(confirmPage.password).toHaveAttribute('type', 'password');
  await expect(confirmPage.password).toHaveAttribute('autocomplete', 'current-password');
  await expect(confirmPage.main.getByRole('textbox')).toHaveCount(1);
});

test('the right password leads back', async ({ signedIn, confirmPage, accountPage, toasts, context, page }) => {
  const before = (await context.cookies()).find(({ name }) => name === 'ironleaf-session')?.value;
  await confirmPage.open('?return_to=/account');

  await confirmPage.send(signedIn.password);

  await expect(page).toHaveURL('/account');
  await expect(toasts.status).toContainText(THANKS);
  await expect(accountPage.email).toHaveValue(signedIn.email);
  const after = (await context.cookies()).find(({ name }) => name === 'ironleaf-session')?.value;
  expect(after).not.toBe(before);
});

test('a wrong password is reported beside the field, and the way back is kept', async ({
  signedIn,
  confirmPage,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/confirm-password', 401);
  await confirmPage.open('?return_to=/account');

  await confirmPage.send('not the password');

  await expect(confirmPage.password).toHaveAccessibleDescription('Incorrect password');
  await expect(confirmPage.password).toBeFocused();
  await confirmPage.ready();
  await confirmPage.send(signedIn.password);
  await expect(page).toHaveURL('/account');
});

test('nobody is sent away to another site', async ({ signedIn, confirmPage, page }) => {
  await confirmPage.open('?return_to=//evil.example');

  await confirmPage.send(signedIn.password);

  await expect(page).toHaveURL('/');
});

test('a visitor has to log in', async ({ loginPage, page }) => {
  await page.goto('/confirm?return_to=/account');

  await expect(page).toHaveURL(/\/login\?return_to=/);
  await loginPage.shown();
});
