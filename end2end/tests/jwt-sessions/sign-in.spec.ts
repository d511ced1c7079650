// Sign-in with a password at an API that manages no accounts.

import { ADA_TYPES, expect, test } from '../../fixtures/jwt-sessions';
import { ADA } from '../../fixtures/peer';

test('the login page asks for e-mail and password, and offers no account', async ({ loginPage, page }) => {
  await loginPage.open();

  await expect(page).toHaveTitle('Login · Ironleaf');
  await expect(loginPage.email).toBeVisible();
  await expect(loginPage.password).toBeVisible();
  await expect(loginPage.forgotPassword).toHaveCount(0);
  await expect(loginPage.signUp).toHaveCount(0);
});

test('a person signs in and is at home', async ({ loginPage, header, page }) => {
  await loginPage.open();

  await loginPage.signIn(ADA_TYPES);

  await expect(page).toHaveURL('/');
  await header.accountMenu.open();
  await expect(header.accountMenu.menu).toContainText(ADA.email);
});

test('a person comes back to where they were going, and sees who they are', async ({ loginPage, identityPage, page }) => {
  await page.goto('/account?from=mail');
  await loginPage.shown();

  await loginPage.signIn(ADA_TYPES);

  await expect(page).toHaveURL('/account?from=mail');
  await expect(identityPage.identity).toContainText(ADA.email);
  await expect(identityPage.roles).toContainText(['admin']);
  await expect(identityPage.manage).toHaveCount(0);
});

for (const [what, typed] of [
  ['a wrong password', { ...ADA_TYPES, password: 'not the password' }],
  ['an unknown address', { ...ADA_TYPES, email: 'nobody@example.org' }],
] as const) {
  test(`${what} is reported in the same words, and the e-mail stays filled in`, async ({
    loginPage,
    toasts,
    page,
    context,
    watch,
  }) => {
    watch.expectRefusal('/api/sign-in', 401);
    await loginPage.open();

    await loginPage.signIn(typed);

    await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
    await expect(page).toHaveURL('/login');
    await expect(loginPage.email).toHaveValue(typed.email);
    expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
  });
}

test('the session is one cookie that scripts cannot read', async ({ loginPage, page, context }) => {
  await loginPage.open();
  await loginPage.signIn(ADA_TYPES);
  await expect(page).toHaveURL('/');
  const sessions = (await context.cookies()).filter((cookie) => cookie.name.includes('session'));

  expect(sessions).toHaveLength(1);
  expect(sessions[0]).toMatchObject({ name: 'ironleaf-session', httpOnly: true, sameSite: 'Lax', path: '/' });
});
