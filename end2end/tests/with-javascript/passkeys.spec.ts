// Passkeys, with Chromium's virtual authenticator: the pages that add some, and the login with one.

import type { Page, Route } from '@playwright/test';

import { accessibilityProblems } from '../../fixtures/accessibility';
import { verifyAddress } from '../../fixtures/people';
import { test as base, expect } from '../../fixtures/test';
import { VirtualAuthenticator } from '../../fixtures/virtual-authenticator';
import { PasskeysPage } from '../../pages/passkeys';

const test = base.extend<{ authenticator: VirtualAuthenticator; passkeysPage: PasskeysPage }>({
  authenticator: async ({ page }, use) => use(await VirtualAuthenticator.of(page)),
  passkeysPage: async ({ page }, use) => use(new PasskeysPage(page, true)),
  signedIn: async ({ signedIn, server, mailbox }, use) => {
    await verifyAddress(server, mailbox, signedIn);
    await use(signedIn);
  },
});

test.use({ serverOptions: { atLocalhost: true } });

test('a passkey is added, logs its person in where they wanted to go, and is removed', async ({
  signedIn,
  authenticator,
  accountPage,
  passkeysPage,
  loginPage,
  toasts,
  context,
  page,
}) => {
  await accountPage.open();
  await page.getByRole('link', { name: 'Your passkeys' }).click();
  await passkeysPage.shown();
  await expect(passkeysPage.main).toContainText('You have no passkeys yet.');
  await expect(passkeysPage.name).toHaveValue(/Chrome/);
  await passkeysPage.name.fill('My laptop');
  await passkeysPage.add.click();
  await expect(toasts.status).toContainText('You can log in with this passkey from now on.');
  await expect(passkeysPage.entries).toContainText('My laptop');
  expect(await authenticator.count()).toBe(1);

  await context.clearCookies();
  await authenticator.setPresent(false);
  await loginPage.open('?return_to=/account/passkeys');
  await expect(loginPage.passkey).toBeVisible();
  await authenticator.setPresent(true);
  await loginPage.passkey.click();
  await expect(page).toHaveURL('/account/passkeys');
  await expect(passkeysPage.entries).not.toContainText('Never');
  expect(signedIn.email).toContain('@');

  await passkeysPage.ready();
  await passkeysPage.change('My laptop').click();
  await expect(passkeysPage.save).toBeVisible();
  await passkeysPage.ready();
  await passkeysPage.name.fill('My old laptop');
  await passkeysPage.save.click();
  await expect(toasts.status).toContainText('The passkey has its new name.');
  await passkeysPage.change('My old laptop').click();
  await passkeysPage.removeLink.click();
  await expect(passkeysPage.main).toContainText('This removes My old laptop.');
  await passkeysPage.remove.click();
  await expect(toasts.status).toContainText('The passkey is removed.');

  await context.clearCookies();
  await authenticator.setPresent(false);
  await loginPage.open();
  await expect(loginPage.passkey).toBeVisible();
  await authenticator.setPresent(true);
  const answered = page.waitForRequest('**/api/sign-in-with-passkey');
  await loginPage.passkey.click();
  await answered;
  // Otherwise it takes the offer of the page that follows, at once.
  await authenticator.setPresent(false);
  await expect(toasts.alert).toContainText('This passkey is not accepted here.');
});

test('the browser offers a passkey among what it fills into the field of the address', async ({
  signedIn,
  authenticator,
  passkeysPage,
  loginPage,
  context,
  page,
}) => {
  await passkeysPage.open();
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toHaveCount(1);
  expect(await authenticator.count()).toBe(1);
  await context.clearCookies();

  // A virtual authenticator stands for a person who takes the offer at once.
  await page.goto('/login?return_to=/account/passkeys');

  await expect(page).toHaveURL('/account/passkeys');
  await expect(page.getByRole('heading', { level: 1, name: 'Passkeys' })).toBeVisible();
  expect(signedIn.email).toContain('@');
  await expect(loginPage.login).toHaveCount(0);
});

test('whoever does not want to be remembered is not, with a passkey either', async ({
  signedIn,
  authenticator,
  passkeysPage,
  loginPage,
  context,
  page,
}) => {
  await passkeysPage.open();
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toHaveCount(1);
  await context.clearCookies();
  await authenticator.setPresent(false);
  await loginPage.open();
  await loginPage.rememberMe.uncheck();
  await authenticator.setPresent(true);
  await loginPage.passkey.click();
  await expect(page).toHaveURL('/');
  const session = (await context.cookies()).find(({ name }) => name === 'ironleaf-session');
  expect(session?.expires, `the session of ${signedIn.email} ends with the browser`).toBe(-1);
});

test('what goes wrong is said beside the button', async ({ signedIn, authenticator, passkeysPage, loginPage, context }) => {
  await passkeysPage.open();
  await authenticator.setUserVerified(false);
  await passkeysPage.add.click();
  await expect(passkeysPage.problem).toHaveText(/cancelled, or took too long/);
  await expect(passkeysPage.add).toBeEnabled();
  expect(await authenticator.count()).toBe(0);

  await authenticator.setUserVerified(true);
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toHaveCount(1);
  await passkeysPage.ready();
  await passkeysPage.add.click();
  await expect(passkeysPage.problem).toHaveText('This device has a passkey for your account already.');

  await context.clearCookies();
  await authenticator.setUserVerified(false);
  await loginPage.open();
  await loginPage.passkey.click();
  await expect(passkeysPage.problem).toHaveText(/cancelled, or took too long/);
  await loginPage.signIn(signedIn);
  await expect(loginPage.heading).toHaveCount(0);
});

test('each page is accessible and in the language of its reader', async ({
  signedIn,
  authenticator,
  passkeysPage,
  loginPage,
  context,
  page,
}) => {
  test.slow();
  await passkeysPage.open();
  expect(await accessibilityProblems(page)).toEqual([]);
  await passkeysPage.name.fill('My laptop');
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toHaveCount(1);
  await passkeysPage.ready();
  expect(await accessibilityProblems(page)).toEqual([]);
  await passkeysPage.change('My laptop').click();
  await expect(passkeysPage.save).toBeVisible();
  await passkeysPage.ready();
  expect(await accessibilityProblems(page)).toEqual([]);
  await passkeysPage.removeLink.click();
  await expect(passkeysPage.remove).toBeVisible();
  expect(await accessibilityProblems(page)).toEqual([]);

  await passkeysPage.open();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Passkey hinzufügen' })).toBeVisible();
  await context.clearCookies({ name: 'ironleaf-session' });
  await authenticator.setPresent(false);
  await loginPage.open();
  await expect(page.getByRole('button', { name: 'Mit einem Passkey anmelden' })).toBeVisible();
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(signedIn.email).toContain('@');
});

/** Holds requests back until the test lets the next one go. */
async function heldBack(page: Page, path: string): Promise<() => Promise<void>> {
  const waiting: Route[] = [];
  await page.route(path, (route) => void waiting.push(route));
  return async () => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    // The page may have given this one up.
    await waiting.shift()?.continue().catch(() => undefined);
  };
}

test('the button works while the offer of the field is still beginning', async ({
  signedIn,
  authenticator,
  passkeysPage,
  loginPage,
  context,
  page,
}) => {
  await passkeysPage.open();
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toHaveCount(1);
  await context.clearCookies();
  await authenticator.setPresent(false);
  const letGo = await heldBack(page, '**/api/begin-passkey-sign-in');
  await page.addInitScript(() => {
    const { credentials } = navigator;
    const get = credentials.get.bind(credentials);
    credentials.get = (options) => {
      const asked = sessionStorage.getItem('asked') ?? '';
      sessionStorage.setItem('asked', `${asked}${options?.mediation ?? 'button'} `);
      return get(options);
    };
  });
  await loginPage.open('?return_to=/account/passkeys');
  await loginPage.passkey.click();
  // The offer is answered first, between the click and what the click asks for.
  await letGo();
  await page.evaluate(() => fetch('/robots.txt').then((answer) => answer.text()));
  await authenticator.setPresent(true);
  await letGo();
  await expect(page).toHaveURL('/account/passkeys');
  expect(await page.evaluate(() => sessionStorage.getItem('asked'))).toBe('button ');
  expect(signedIn.email).toContain('@');
});

test('an offer that fails says nothing, and the button says why it does', async ({
  authenticator,
  passkeysPage,
  loginPage,
  watch,
  page,
}) => {
  watch.expectRefusal('/api/begin-passkey-sign-in', 502, 503);
  await authenticator.setPresent(false);
  let tries = 0;
  await page.route('**/api/begin-passkey-sign-in', (route) => {
    tries += 1;
    // That of a gateway comes last.
    if (tries > 2) return route.fulfill({ status: 502, contentType: 'text/plain', body: 'Bad Gateway' });
    const error = { code: 'unavailable', message: 'Nothing works now.', ...(tries === 1 && { next: '/' }) };
    return route.fulfill({ status: 503, json: error });
  });
  const offered = page.waitForResponse('**/api/begin-passkey-sign-in');
  await loginPage.open();
  await (await offered).finished();
  await expect(passkeysPage.problem).toBeEmpty();
  await loginPage.passkey.click();
  await expect(passkeysPage.problem).toHaveText('Nothing works now.');
  await expect(page).toHaveURL('/login');
  // The offer begins again.
  await expect.poll(() => tries).toBe(3);
  await loginPage.passkey.click();
  await expect(passkeysPage.problem).toHaveText(/cannot be reached right now/);
});

test('a name that is refused makes no passkey', async ({
  signedIn,
  authenticator,
  passkeysPage,
  watch,
}) => {
  watch.expectRefusal('/api/begin-passkey', 422);
  await passkeysPage.open();
  await expect(passkeysPage.name).toHaveAttribute('maxlength', '60');
  await passkeysPage.name.evaluate((field: HTMLInputElement) => {
    field.removeAttribute('maxlength');
    field.value = 'x'.repeat(61);
  });
  await passkeysPage.add.click();
  await expect(passkeysPage.problem).toHaveText('Please enter a name of 60 characters at most');
  expect(await authenticator.count()).toBe(0);
  expect(signedIn.email).toContain('@');
  await passkeysPage.name.fill('My laptop');
  await passkeysPage.add.click();
  await expect(passkeysPage.entries).toContainText('My laptop');
});
