// Another address, another password, and a forgotten one, where the current password is needed for a new one.

import { expect, test } from '../../fixtures/better-auth';
import { stranger } from '../../fixtures/people';

test.use({
  serverOptions: {
    peer: 'better-auth',
    peerSettings: { CHANGE_EMAIL: 'on' },
    settings: { BETTER_AUTH_CHANGE_EMAIL: 'true', BETTER_AUTH_RESET_PASSWORD: 'true' },
  },
});

test('a new password needs the current one', async ({ registerPage, identityPage, loginPage, header, toasts, page, watch }) => {
  watch.expectRefusal('/api/change-password', 401);
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person);
  await expect(page).toHaveURL('/');
  await identityPage.open();
  await expect(identityPage.currentPassword).toHaveAttribute('autocomplete', 'current-password');
  await expect(identityPage.newPassword).toHaveAttribute('autocomplete', 'new-password');

  await identityPage.changePassword('not theirs', 'another password');
  await expect(identityPage.main).toContainText('Your current password is not correct');
  await expect(identityPage.currentPassword).toHaveAttribute('aria-invalid', 'true');
  await expect(page).toHaveURL('/account');

  await identityPage.changePassword(person.password, 'another password');
  await expect(toasts.status).toContainText('Your password has been updated');
  await expect(page).toHaveURL('/account');
  await identityPage.open();
  await header.signOut();
  await loginPage.open();
  await loginPage.signIn({ ...person, password: 'another password' });
  await expect(page).toHaveURL('/');
});

test('the page for a new password asks for the current one', async ({ registerPage, setPasswordPage, toasts, page }) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person);
  await expect(page).toHaveURL('/');
  await setPasswordPage.open();

  await setPasswordPage.currentPassword.fill(person.password);
  await setPasswordPage.send('another password');

  await expect(toasts.status).toContainText('Your password has been updated');
  await expect(page).toHaveURL('/');
});

test('another address takes effect by the link of an e-mail', async ({ registerPage, identityPage, toasts, page, peer, watch }) => {
  const [person, { email }] = [stranger(), stranger()];
  await registerPage.open();
  await registerPage.send(person);
  await expect(page).toHaveURL('/');
  await identityPage.open();
  await expect(identityPage.email).toHaveValue(person.email);

  await identityPage.changeEmail(email);
  await expect(toasts.status).toContainText('Your address changes when you follow the link');
  await expect(page).toHaveURL('/account');
  await expect(identityPage.email).toHaveValue(person.email);

  const { url } = await peer.mail('verify', email);
  watch.expectLink(url);
  await page.goto(url);
  await expect(page).toHaveURL('/account');
  await expect(identityPage.email).toHaveValue(email);
});

test('a forgotten password is set with the link of an e-mail', async ({
  registerPage,
  resetPasswordPage,
  setPasswordPage,
  loginPage,
  header,
  toasts,
  page,
  peer,
  server,
}) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person);
  await expect(page).toHaveURL('/');
  await header.signOut();
  await loginPage.open();
  await loginPage.forgotPassword.click();
  await resetPasswordPage.shown();
  await resetPasswordPage.send(person.email);
  await expect(toasts.status).toContainText(`A password reset link has been sent to ${person.email}`);

  const { url, token } = await peer.mail('reset', person.email);
  await page.goto(url);
  await setPasswordPage.shown();
  await expect(page).toHaveURL('/set-password');
  await expect(setPasswordPage.currentPassword).toHaveCount(0);
  expect(await page.content()).not.toContain(token);
  await setPasswordPage.send('another password');
  await expect(page).toHaveURL('/login');
  await expect(toasts.status).toContainText('Your password has been updated');
  await loginPage.signIn({ ...person, password: 'another password' });
  await expect(page).toHaveURL('/');
  expect(server.log).not.toContain(token);
});

test('a dead link says so, and another can be asked for', async ({ resetPasswordPage, setPasswordPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/set-password-by-link', 422);
  await page.goto('/set-password?token=spent');
  await setPasswordPage.shown();
  await setPasswordPage.send('another password');

  await expect(page).toHaveURL('/reset-password');
  await expect(toasts.region).toContainText('This link is too old or was used already.');
  await expect(resetPasswordPage.email).toBeVisible();
});
