// The core API as a separate process behind CORE_API_URL, and the behaviour while it is down.

import { stranger, untilTokensExpire } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test.use({ serverOptions: { standAloneCoreApi: true, settings: { CORE_API_ACCESS_TOKEN_TTL: '2s' } } });
// All tests of the file share one core API. Tests in parallel would stop it for each other.
test.describe.configure({ mode: 'serial' });

test.beforeEach(async ({ server }) => {
  await server.bringCoreApiBack();
});

test('a stand-alone core API works like the embedded one', async ({ signedIn, accountPage }) => {
  await accountPage.open();

  await expect(accountPage.email).toHaveValue(signedIn.email);
});

test('while the core API is down, the account page says so, and works again afterwards', async ({
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

test('while the core API is down, the home page works', async ({ signedIn, server, homePage, header }) => {
  expect(signedIn.email).toContain('@');
  await server.coreApi?.stop();

  const response = await homePage.open();

  expect(response.status()).toBe(200);
  await expect(header.accountMenu.button).toBeVisible();
});

test('while the core API is down, a person can sign out', async ({ signedIn, server, homePage, header, page, context }) => {
  expect(signedIn.email).toContain('@');
  await server.coreApi?.stop();
  await homePage.open();

  await header.signOut();

  await expect(page).toHaveURL('/');
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});

test('while the core API is down, signing in keeps the e-mail and shows an error', async ({
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

test('while the core API is down, registering keeps the e-mail', async ({ server, registerPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/register', 503);
  const person = stranger();
  await registerPage.open();
  await server.coreApi?.stop();

  await registerPage.send(person);

  await expect(toasts.alert).toBeVisible();
  await expect(page).toHaveURL('/register');
  await expect(registerPage.email).toHaveValue(person.email);
});

test('while the core API is down, no link is promised', async ({ server, resetPasswordPage, toasts, page, watch }) => {
  watch.expectRefusal('/api/request-password-reset', 503);
  await resetPasswordPage.open();
  await server.coreApi?.stop();

  await resetPasswordPage.send('ada@example.com');

  await expect(toasts.alert).toBeVisible();
  await expect(page).toHaveURL('/reset-password');
  await expect(resetPasswordPage.email).toHaveValue('ada@example.com');
});

test('while the core API is down, the account form keeps the e-mail, and works afterwards', async ({
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
    // Without scripts, the form's page itself needs the core API.
    await unavailablePage.shown();
    await server.bringCoreApiBack();
    await unavailablePage.tryAgain.click();
  }
  // A form sent with GET and without fields leaves a question mark.
  await expect(page).toHaveURL(/\/account\??$/);
  await expect(accountPage.email).toHaveValue(email);
  await accountPage.update.click();
  await expect(toasts.status).toContainText('Account updated successfully');
});
