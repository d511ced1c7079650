// If the last sign-in was a while ago, changes to the account ask for the password again. Here, a while is three
// seconds.

import { canSignIn, stranger, untilTokensExpire } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

const CONFIRM = 'Please enter your password before you change this.';

test.use({
  serverOptions: {
    // An access token lives for at least three seconds. So when it has expired, the sign-in is old enough.
    settings: { CORE_API_ACCESS_TOKEN_TTL: '4s', SIGN_IN_FRESHNESS: '3s' },
  },
});

test.beforeEach(async ({ signedIn, server, watch }) => {
  for (const name of ['update-account', 'set-password', 'delete-account']) watch.expectRefusal(`/api/${name}`, 403);
  await untilTokensExpire(server, signedIn);
});

test('a new e-mail address is kept until the password is given', async ({
  signedIn,
  accountPage,
  confirmPage,
  toasts,
  page,
}) => {
  const { email } = stranger();
  await accountPage.open();

  await accountPage.send({ email });

  await expect(page).toHaveURL('/confirm?return_to=/account');
  await expect(toasts.region).toContainText(CONFIRM);
  await confirmPage.ready();
  await confirmPage.send(signedIn.password);
  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(email);
  await accountPage.update.click();
  await expect(toasts.status).toContainText('Account updated successfully');
});

test('a new password is asked for again after the old one was given', async ({
  signedIn,
  setPasswordPage,
  confirmPage,
  toasts,
  server,
  page,
}) => {
  await setPasswordPage.open();

  await setPasswordPage.send('a new password');

  await expect(page).toHaveURL('/confirm?return_to=/set-password');
  expect(await canSignIn(server, signedIn)).toBe(true);
  await confirmPage.ready();
  await confirmPage.send(signedIn.password);
  await expect(page).toHaveURL('/set-password');
  await expect(setPasswordPage.newPassword).toHaveValue('');
  await setPasswordPage.send('a new password');
  await expect(toasts.status).toContainText('Your password has been updated');
});

test('an account is deleted once the password is given', async ({
  signedIn,
  accountPage,
  deleteAccountPage,
  confirmPage,
  toasts,
  server,
  page,
}) => {
  await accountPage.open();
  await accountPage.deleteAccount.click();

  await accountPage.deleteDialog.deleteAccount.click();

  await expect(page).toHaveURL('/confirm?return_to=/account/delete');
  expect(await canSignIn(server, signedIn)).toBe(true);
  await confirmPage.ready();
  await confirmPage.send(signedIn.password);
  await deleteAccountPage.shown();
  await deleteAccountPage.deleteAccount.click();
  await expect(toasts.status).toContainText('Account deleted successfully');
  await expect(page).toHaveURL('/');
});

test('a form that does not change the account asks for no password', async ({ signedIn, accountPage, toasts, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();

  await accountPage.resendEmail.click();

  await expect(toasts.status).toContainText('Verification email sent');
  await expect(page).toHaveURL('/account');
});
