// What a new password must not be, and what is only a hint.

import { canSignIn, stranger } from '../fixtures/people';
import { BREACHED_PASSWORDS, type ServerOptions } from '../fixtures/server';
import { expect, test } from '../fixtures/test';

const BREACHED = 'This password has appeared in a data breach. Please choose another.';
const ONE_OF_MANY = 'This password is easy to guess: many people use it, or one like it.';

/** The one password of that list. */
const OF_THE_LIST = 'password2';

const STRICT: ServerOptions = {
  settings: { PASSWORD_BLOCKLIST: BREACHED_PASSWORDS, PASSWORD_MIN_STRENGTH: '2' },
};

test.describe('with a list of breached passwords and a least strength', () => {
  test.use({ serverOptions: STRICT });

  test('a breached password registers nobody, and another one does', async ({ registerPage, server, page, watch }) => {
    watch.expectRefusal('/api/register', 422);
    const person = stranger();
    await registerPage.open();

    await registerPage.send({ ...person, password: OF_THE_LIST });

    await expect(registerPage.password).toHaveAccessibleDescription(BREACHED);
    await expect(registerPage.password).toBeFocused();
    await expect(registerPage.email).toHaveValue(person.email);
    await expect(page).toHaveURL('/register');
    expect(await canSignIn(server, { ...person, password: OF_THE_LIST })).toBe(false);

    await registerPage.send(person);
    await expect(page).toHaveURL('/');
    expect(await canSignIn(server, person)).toBe(true);
  });

  test('a breached password is not taken for an account', async ({ signedIn, accountPage, server, page, watch }) => {
    watch.expectRefusal('/api/update-account', 422);
    await accountPage.open();

    await accountPage.send({ password: OF_THE_LIST });

    await expect(accountPage.password).toHaveAccessibleDescription(BREACHED);
    await expect(page).toHaveURL('/account');
    expect(await canSignIn(server, signedIn)).toBe(true);
  });

  test('a password that is easy to guess is refused with the reason', async ({
    signedIn,
    setPasswordPage,
    server,
    page,
    watch,
  }) => {
    watch.expectRefusal('/api/set-password', 422);
    await setPasswordPage.open();

    await setPasswordPage.send('password3');

    await expect(setPasswordPage.newPassword).toHaveAccessibleDescription(ONE_OF_MANY);
    await expect(page).toHaveURL('/set-password');
    expect(await canSignIn(server, signedIn)).toBe(true);
  });
});

test('whoever sets a password that is easy to guess is told on the next page', async ({
  signedIn,
  setPasswordPage,
  accountPage,
  toasts,
  server,
  page,
}) => {
  await setPasswordPage.open();

  await setPasswordPage.send('password2');

  await expect(page).toHaveURL('/');
  await expect(toasts.status).toContainText('Your password has been updated');
  const hint = page.getByRole('complementary', { name: 'Your new password' });
  await expect(hint).toContainText(ONE_OF_MANY);
  expect(await canSignIn(server, { ...signedIn, password: 'password2' })).toBe(true);

  await hint.getByRole('link', { name: 'Choose another' }).click();
  await accountPage.shown();
  await expect(hint).toHaveCount(0);
  await accountPage.send({ password: 'lamp under the ninth boat' });
  await expect(toasts.status).toContainText('Account updated successfully');
  await expect(hint).toHaveCount(0);
});

test('one button changes the address and the password together', async ({ signedIn, accountPage, toasts, server }) => {
  const other = stranger();
  await accountPage.open();

  await accountPage.send(other);

  await expect(toasts.status).toContainText('Account updated successfully');
  await expect(accountPage.unverified).toContainText(other.email);
  expect(await canSignIn(server, { ...signedIn, password: other.password })).toBe(true);
});
