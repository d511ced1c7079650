// Every flow without a mouse: Tab, Enter, Escape, letters, and the keys of menus.

import { RESET, VERIFY } from '../fixtures/mailbox';
import { canSignIn, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('the first Tab skips the header', async ({ loginPage, page }) => {
  await loginPage.open();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();

  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');

  await expect(loginPage.email).toBeFocused();
});

test('registering', async ({ homePage, header, loginPage, registerPage, keyboard, page }) => {
  const person = stranger();
  await homePage.open();
  await keyboard.press(header.login);
  await loginPage.shown();
  await keyboard.press(loginPage.signUp);
  await registerPage.shown();

  await keyboard.type(registerPage.email, person.email);
  await keyboard.type(registerPage.password, person.password);
  await keyboard.type(registerPage.confirmPassword, person.password);
  await keyboard.press(registerPage.register);

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
});

test('signing in, with Enter in the last field', async ({ loginPage, keyboard, person, page }) => {
  await loginPage.open();

  await keyboard.type(loginPage.email, person.email);
  await keyboard.type(loginPage.password, person.password);
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL('/');
});

test('correcting a mistake', async ({ registerPage, keyboard, page }) => {
  const person = stranger();
  await registerPage.open();
  await keyboard.type(registerPage.email, person.email);
  await keyboard.type(registerPage.password, person.password);
  await keyboard.type(registerPage.confirmPassword, 'another password');
  await page.keyboard.press('Enter');
  await expect(registerPage.confirmPassword).toBeFocused();
  await registerPage.ready();

  // Without scripts, both passwords are empty again.
  await keyboard.type(registerPage.password, person.password);
  await keyboard.type(registerPage.confirmPassword, person.password);
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL('/');
});

test('a forgotten password', async ({
  loginPage,
  resetPasswordPage,
  signInLinkPage,
  setPasswordPage,
  toasts,
  keyboard,
  mailbox,
  person,
  server,
  page,
  watch,
  javaScriptEnabled,
}) => {
  await loginPage.open();
  await keyboard.press(loginPage.forgotPassword);
  await resetPasswordPage.shown();
  await keyboard.type(resetPasswordPage.email, person.email);
  await keyboard.press(resetPasswordPage.resetPassword);
  await expect(toasts.status).toBeVisible();
  const { link } = await mailbox.newest(person.email, RESET);
  watch.expectLink(link);
  await signInLinkPage.open(link);
  if (!javaScriptEnabled) await keyboard.press(signInLinkPage.continueAs(person.email));
  await setPasswordPage.shown();

  await keyboard.type(setPasswordPage.newPassword, 'a new password');
  await keyboard.type(setPasswordPage.confirmPassword, 'a new password');
  await keyboard.press(setPasswordPage.updatePassword, 'Space');

  await expect(page).toHaveURL('/');
  expect(await canSignIn(server, { ...person, password: 'a new password' })).toBe(true);
});

test('verifying an address, after asking for the e-mail again', async ({
  signedIn,
  accountPage,
  emailVerificationPage,
  toasts,
  keyboard,
  mailbox,
  page,
  watch,
  javaScriptEnabled,
}) => {
  const first = await mailbox.newest(signedIn.email, VERIFY);
  await accountPage.open();
  await keyboard.press(accountPage.resendEmail);
  await expect(toasts.status).toBeVisible();
  const { link } = await mailbox.newest(signedIn.email, VERIFY, first);
  watch.expectLink(link);
  await page.goto(link);
  if (!javaScriptEnabled) await keyboard.press(emailVerificationPage.verify);

  await expect(emailVerificationPage.success).toBeVisible();
});

test('changing e-mail and password', async ({ signedIn, accountPage, toasts, keyboard, server }) => {
  const { email } = stranger();
  await accountPage.open();

  await keyboard.type(accountPage.email, email);
  await keyboard.type(accountPage.password, 'a new password');
  await keyboard.type(accountPage.confirmPassword, 'a new password');
  await keyboard.press(accountPage.update);

  await expect(toasts.status).toContainText('Account updated successfully');
  expect(await canSignIn(server, { ...signedIn, password: 'a new password' })).toBe(true);
});

test('confirming the password', async ({ signedIn, confirmPage, keyboard, page }) => {
  await confirmPage.open('?return_to=/account');

  await keyboard.type(confirmPage.password, signedIn.password);
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL('/account');
});

test('deleting the account, after cancelling once', async ({ signedIn, accountPage, keyboard, server, page }) => {
  const { dialog, cancel, deleteAccount } = accountPage.deleteDialog;
  await accountPage.open();
  await keyboard.press(accountPage.deleteAccount);
  await expect(dialog).toBeVisible();
  // Pressing Enter twice must not delete the account.
  await expect(deleteAccount).not.toBeFocused();
  await keyboard.press(cancel);
  await expect(dialog).toBeHidden();
  await expect(accountPage.deleteAccount).toBeFocused();

  await page.keyboard.press('Enter');
  await keyboard.press(deleteAccount);

  await expect(page).toHaveURL('/');
  expect(await canSignIn(server, signedIn)).toBe(false);
});

test('the focus stays in the dialog', async ({ signedIn, accountPage, keyboard, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  await keyboard.press(accountPage.deleteAccount);
  await expect(accountPage.deleteDialog.dialog).toBeVisible();

  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate(() => {
      const { activeElement } = document;
      // After the last control, the focus moves to the browser itself.
      return activeElement !== document.body && activeElement?.closest('dialog') === null;
    });
    expect(outside, `after ${step + 1} times Tab`).toBe(false);
  }
});

test('choosing a theme and signing out', async ({ signedIn, homePage, header, keyboard, page, javaScriptEnabled }) => {
  expect(signedIn.email).toContain('@');
  // Without scripts, a menu is a list of buttons, and Tab moves through it.
  const next = javaScriptEnabled ? 'ArrowDown' : 'Tab';
  await homePage.open();
  await keyboard.press(header.themeMenu.button);
  await expect(header.themeMenu.menu).toBeVisible();
  for (let step = 0; step < 3; step += 1) {
    if (await header.themeMenu.item('Dark').evaluate((item) => item === document.activeElement)) break;
    await page.keyboard.press(next);
  }
  await expect(header.themeMenu.item('Dark')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(homePage.html).toHaveClass('dark');
  await homePage.shown();

  await keyboard.press(header.accountMenu.button);
  await expect(header.accountMenu.menu).toBeVisible();
  for (let step = 0; step < 3; step += 1) {
    if (await header.accountMenu.item('Logout').evaluate((item) => item === document.activeElement)) break;
    await page.keyboard.press(next);
  }
  await expect(header.accountMenu.item('Logout')).toBeFocused();
  await page.keyboard.press('Enter');

  await expect(header.login).toBeVisible();
});
