// The core API as a process of its own, behind CORE_API_URL, and what holds while it is gone.

import { stranger, untilTokensExpire } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test.use({ serverOptions: { standAloneCoreApi: true, settings: { CORE_API_ACCESS_TOKEN_TTL: '2s' } } });
// One core API for the file: two tests at once would stop it under each other.
test.describe.configure({ mode: 'serial' });

test.beforeEach(async ({ server }) => {
  await server.bringCoreApiBack();
});

test('a stand-alone core API works like the embedded one', async ({ signedIn, accountPage }) => {
  await accountPage.open();

  await expect(accountPage.email).toHaveValue(signedIn.email);
});

test('while the core API is gone the account page says so, and comes back with it', async ({
  signedIn,
  server,
  accountPage,
  unavailablePage,
  header,
  context,
  page,
  watch,
}) => {
  watch.expectRefusal('/account', 503);
  await untilTokensExpire(server, signedIn);
  await server.coreApi?.stop();

  const response = await page.goto('/account');

  expect(response?.status()).toBe(503);
  expect(Number(response?.headers()['retry-after'])).toBeGreaterThan(0);
  await expect(page).toHaveTitle('Temporarily unavailable · Ironleaf');
  await expect(unavailablePage.heading).toBeVisible();
  await expect(header.accountMenu.button).toBeVisible();
  expect((await context.cookies()).map((cookie) => cookie.name)).toContain('ironleaf-session');

  await server.bringCoreApiBack();
  await unavailablePage.ready();
  await unavailablePage.tryAgain.click();

  await expect(accountPage.email).toHaveValue(signedIn.email);
});

test('while the core API is gone the home page is there', async ({ signedIn, server, homePage, header }) => {
  expect(signedIn.email).toContain('@');
  await server.coreApi?.stop();

  const response = await homePage.open();

  expect(response.status()).toBe(200);
  await expect(header.accountMenu.button).toBeVisible();
});

test('while the core API is gone a person can sign out', async ({ signedIn, server, homePage, header, page, context }) => {
  expect(signedIn.email).toContain('@');
  await server.coreApi?.stop();
  await homePage.open();

  await header.signOut();

  await expect(page).toHaveURL('/');
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});

test('while the core API is gone signing in keeps the e-mail and says to try again', async ({
  server,
  person,
  loginPage,
  toasts,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 503);
  await loginPage.open();
  await server.coreApi?.stop();

  await loginPage.signIn(person);

  await expect(toasts.alert).toBeVisible();
  await expect(page).toHaveURL('/login');
  await expect(loginPage.email).toHaveValue(person.email);
});

test('while the core API is gone registering keeps the e-mail', async ({ server, registerPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/register', 503);
  const person = stranger();
  await registerPage.open();
  await server.coreApi?.stop();

  await registerPage.send(person);

  await expect(toasts.alert).toBeVisible();
  await expect(page).toHaveURL('/register');
  await expect(registerPage.email).toHaveValue(person.email);
});

test('while the core API is gone no link is promised', async ({ server, resetPasswordPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/request-password-reset', 503);
  await resetPasswordPage.open();
  await server.coreApi?.stop();

  await resetPasswordPage.send('ada@example.com');

  await expect(toasts.alert).toBeVisible();
  await expect(page).toHaveURL('/reset-password');
  await expect(resetPasswordPage.email).toHaveValue('ada@example.com');
});

test('while the core API is gone the account form keeps the e-mail, and works when it is back', async ({
  signedIn,
  server,
  accountPage,
  toasts,
  unavailablePage,
  page,
  watch,
  javaScriptEnabled,
}) => {
  expect(signedIn.email).toContain('@');
  watch.expectRefusal('/api/update-account', 503);
  watch.expectRefusal('/account', 503);
  const { email } = stranger();
  await accountPage.open();
  await server.coreApi?.stop();

  await accountPage.send({ email });

  if (javaScriptEnabled) {
    await expect(toasts.alert).toBeVisible();
    await server.bringCoreApiBack();
  } else {
    // The form's page needs the core API itself.
    await unavailablePage.shown();
    await server.bringCoreApiBack();
    await unavailablePage.tryAgain.click();
  }
  // A form that is sent by GET without a field leaves a question mark.
  await expect(page).toHaveURL(/\/account\??$/);
  await expect(accountPage.email).toHaveValue(email);
  await accountPage.update.click();
  await expect(toasts.status).toContainText('Account updated successfully');
});
