// Forgotten passwords: requesting a link, and setting a new password.

import { RESET } from '../fixtures/mailbox';
import { canSignIn, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('the page for a forgotten password asks only for the address', async ({ resetPasswordPage, header, page }) => {
  await resetPasswordPage.open();

  await expect(page).toHaveTitle('Reset password · Ironleaf');
  await expect(resetPasswordPage.heading).toBeVisible();
  await expect(resetPasswordPage.email).toHaveAttribute('type', 'email');
  await expect(resetPasswordPage.login).toHaveAttribute('href', '/login');
  await expect(resetPasswordPage.main.getByRole('textbox')).toHaveCount(1);
  await expect(header.logo).toBeVisible();
  await expect(header.login).toHaveCount(0);
  await expect(header.themeMenu.button).toHaveCount(0);
});

test('a link is sent to the address, in lower case', async ({ resetPasswordPage, toasts, mailbox, person }) => {
  await resetPasswordPage.open();

  await resetPasswordPage.send(person.email.toUpperCase());

  await expect(toasts.status).toContainText(`A password reset link has been sent to ${person.email}`);
  const { link, text, html } = await mailbox.newest(person.email, RESET);
  const { pathname, searchParams } = new URL(link);
  expect(pathname).toBe('/login');
  expect(searchParams.get('email')).toBe(person.email);
  expect(searchParams.get('action')).toBe('password');
  expect(text).toContain(link);
  expect(html).toContain('href=');
});

test('an unknown address gets the same answer', async ({ resetPasswordPage, toasts, mailbox }) => {
  const { email } = stranger();
  await resetPasswordPage.open();

  await resetPasswordPage.send(email);

  await expect(toasts.status).toContainText(`A password reset link has been sent to ${email}`);
  expect(await mailbox.all(email, RESET)).toEqual([]);
});

test('from a forgotten password to a new one', async ({
  loginPage,
  resetPasswordPage,
  signInLinkPage,
  setPasswordPage,
  header,
  toasts,
  mailbox,
  person,
  server,
  page,
  watch,
}) => {
  await loginPage.open();
  await loginPage.forgotPassword.click();
  await resetPasswordPage.shown();
  await resetPasswordPage.send(person.email);
  await expect(toasts.status).toBeVisible();
  const { link } = await mailbox.newest(person.email, RESET);
  watch.expectLink(link);
  await signInLinkPage.follow(link, person.email);
  await setPasswordPage.shown();

  await setPasswordPage.send('a new password');

  await expect(toasts.status).toContainText('Your password has been updated');
  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
  expect(await canSignIn(server, { ...person, password: 'a new password' })).toBe(true);
  expect(await canSignIn(server, person)).toBe(false);
});

test('the page for a new password asks for it twice', async ({ signedIn, setPasswordPage, header, page }) => {
  expect(signedIn.email).toContain('@');
  await setPasswordPage.open();

  await expect(page).toHaveTitle('Set password · Ironleaf');
  await expect(setPasswordPage.heading).toBeVisible();
  await expect(setPasswordPage.main.getByRole('heading', { name: 'Create your new password' })).toBeVisible();
  await expect(setPasswordPage.newPassword).toHaveAttribute('placeholder', 'Enter new password');
  await expect(setPasswordPage.confirmPassword).toHaveAttribute('placeholder', 'Confirm new password');
  for (const password of [setPasswordPage.newPassword, setPasswordPage.confirmPassword]) {
    await expect(password).toHaveAttribute('type', 'password');
    await expect(password).toHaveAttribute('autocomplete', 'new-password');
  }
  await expect(setPasswordPage.breadcrumb).toContainText('Set Password');
  await expect(setPasswordPage.breadcrumb.getByRole('link', { name: 'Home' })).toHaveAttribute('href', '/');
  await expect(header.accountMenu.button).toBeVisible();
});

test('a new password needs a matching repetition', async ({ signedIn, setPasswordPage, server, javaScriptEnabled }) => {
  await setPasswordPage.open();
  await setPasswordPage.fill('a new password', 'another password');
  if (javaScriptEnabled) await expect(setPasswordPage.updatePassword).toBeDisabled();
  else await setPasswordPage.updatePassword.click();

  await expect(setPasswordPage.confirmPassword).toHaveAccessibleDescription('Passwords must match');
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('a visitor has to log in to set a password', async ({ loginPage, page }) => {
  await page.goto('/set-password');

  await expect(page).toHaveURL('/login');
  await loginPage.shown();
});
