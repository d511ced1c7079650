// Access tokens that live for two seconds: what is renewed silently, and what happens after the end of a session.

import { canSignIn, endSessions, stranger, untilTokensExpire } from '../fixtures/people';
import { SHORT_LIVED_TOKENS } from '../fixtures/server';
import { expect, test } from '../fixtures/test';

const EXPIRED = 'Your session has expired, please log in again.';

test.use({ serverOptions: SHORT_LIVED_TOKENS });

test('an expired access token is renewed on the page that needs it', async ({ signedIn, accountPage, server }) => {
  await untilTokensExpire(server, signedIn);

  const response = await accountPage.open();

  expect(response.status()).toBe(200);
  const cookies = (await response.headersArray()).filter(({ name }) => name.toLowerCase() === 'set-cookie');
  expect(cookies.map(({ value }) => value)).toContainEqual(expect.stringMatching(/^ironleaf-session=v1\./));
  await expect(accountPage.email).toHaveValue(signedIn.email);

  // The new cookie is valid, too.
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(signedIn.email);
});

test('pages that do not call the core API renew no token', async ({ signedIn, homePage, server, context }) => {
  const session = async () => (await context.cookies()).find((cookie) => cookie.name === 'ironleaf-session')?.value;
  const before = await session();
  await untilTokensExpire(server, signedIn);

  await homePage.open();

  expect(await session()).toBe(before);
});

test('a form works after the access token has expired', async ({
  signedIn,
  accountPage,
  toasts,
  server,
}) => {
  await accountPage.open();
  await accountPage.fill({ password: 'a new password' });
  await untilTokensExpire(server, signedIn);

  await accountPage.update.click();

  await expect(toasts.status).toContainText('Account updated successfully');
  expect(await canSignIn(server, { ...signedIn, password: 'a new password' })).toBe(true);
});

test('a page opened after the end of the session says so once, and is shown after signing in', async ({
  signedIn,
  accountPage,
  loginPage,
  toasts,
  server,
  page,
}) => {
  await endSessions(server, signedIn);

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(toasts.region).toContainText(EXPIRED);
  await loginPage.open('?return_to=/account');
  await expect(toasts.region).not.toContainText(EXPIRED);
  await loginPage.signIn(signedIn);
  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(signedIn.email);
});

test('the account form keeps its input, except passwords, when the session has ended', async ({
  signedIn,
  accountPage,
  loginPage,
  toasts,
  server,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/update-account', 401);
  const { email } = stranger();
  await accountPage.open();
  await accountPage.fill({ email, password: 'a new password' });
  await endSessions(server, signedIn);

  await accountPage.update.click();

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(toasts.region).toContainText(EXPIRED);
  await loginPage.ready();
  await loginPage.signIn(signedIn);
  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(email);
  await expect(accountPage.password).toHaveValue('');
  await expect(accountPage.confirmPassword).toHaveValue('');

  // The input was kept but not sent. Now it is sent.
  await accountPage.ready();
  await accountPage.update.click();
  await expect(toasts.status).toContainText('Account updated successfully');
});

test('a new password sent after the end of the session is asked for again', async ({
  signedIn,
  setPasswordPage,
  loginPage,
  toasts,
  server,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/set-password', 401);
  await setPasswordPage.open();
  await setPasswordPage.fill('a new password');
  await endSessions(server, signedIn);

  await setPasswordPage.updatePassword.click();

  await expect(page).toHaveURL('/login?return_to=/set-password');
  await expect(toasts.region).toContainText(EXPIRED);
  await loginPage.ready();
  await loginPage.signIn(signedIn);
  await expect(page).toHaveURL('/set-password');
  await expect(setPasswordPage.newPassword).toHaveValue('');
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('a session that has ended cannot delete the account', async ({
  signedIn,
  accountPage,
  toasts,
  server,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/delete-account', 401);
  await accountPage.open();
  await accountPage.deleteAccount.click();
  await endSessions(server, signedIn);

  await accountPage.deleteDialog.deleteAccount.click();

  await expect(page).toHaveURL(/\/login\?return_to=\/account/);
  await expect(toasts.region).toContainText(EXPIRED);
  expect(await canSignIn(server, signedIn)).toBe(true);
});
