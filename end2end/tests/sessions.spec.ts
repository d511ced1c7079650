import type { Browser, BrowserContext } from '@playwright/test';

import { type Person, signIn } from '../fixtures/people';
import type { Server } from '../fixtures/server';
import { expect, test } from '../fixtures/test';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0';
const NONSENSE = '<b>nonsense</b>';

/** The same person in another browser. */
async function elsewhere(browser: Browser, server: Server, person: Person, userAgent: string): Promise<BrowserContext> {
  const context = await browser.newContext({ userAgent, baseURL: server.origin });
  await signIn(context, server, person);
  return context;
}

async function isSignedIn(context: BrowserContext): Promise<boolean> {
  const answer = await context.request.get('/account', { maxRedirects: 0 });
  return answer.status() === 200;
}

test('the account page leads to the sessions, which say where and when', async ({
  signedIn,
  accountPage,
  sessionsPage,
  page,
}) => {
  await accountPage.open();

  await page.getByRole('link', { name: 'Where you are signed in' }).click();

  await sessionsPage.shown();
  await expect(page).toHaveURL('/account/sessions');
  await expect(sessionsPage.entries).toHaveCount(1);
  const entry = sessionsPage.entries.first();
  await expect(entry).toContainText('This browser');
  await expect(entry).toContainText('127.0.0.1');
  await expect(entry).toContainText('Just now');
  await expect(entry.locator('time').first()).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  await expect(entry.getByRole('button')).toHaveCount(0);
  await expect(sessionsPage.endOthers).toHaveCount(0);
  await expect(sessionsPage.main).not.toContainText(signedIn.email);
});

test('one session is ended, and the other browser is signed out', async ({
  signedIn,
  sessionsPage,
  toasts,
  server,
  browser,
  context,
}) => {
  const other = await elsewhere(browser, server, signedIn, FIREFOX);
  const unknown = await elsewhere(browser, server, signedIn, NONSENSE);
  await sessionsPage.openWith(3);
  await expect(sessionsPage.entry('Unknown browser')).toBeVisible();
  await expect(sessionsPage.main).not.toContainText('nonsense');
  expect(await isSignedIn(other)).toBe(true);

  await sessionsPage.end('Firefox on Linux').click();

  await expect(toasts.status).toContainText('Session ended');
  await sessionsPage.shown();
  await expect(sessionsPage.entry('Firefox on Linux')).toHaveCount(0);
  await expect(sessionsPage.entries).toHaveCount(2);
  expect(await isSignedIn(other)).toBe(false);
  expect(await isSignedIn(unknown)).toBe(true);
  expect(await isSignedIn(context)).toBe(true);
  await other.close();
  await unknown.close();
});

test('all other sessions are ended, and this one goes on', async ({
  signedIn,
  sessionsPage,
  toasts,
  server,
  browser,
  context,
}) => {
  const others = [
    await elsewhere(browser, server, signedIn, FIREFOX),
    await elsewhere(browser, server, signedIn, NONSENSE),
  ];
  await sessionsPage.openWith(3);

  await sessionsPage.endOthers.click();

  await expect(toasts.status).toContainText('All other sessions ended');
  await expect(sessionsPage.entries).toHaveCount(1);
  await expect(sessionsPage.endOthers).toHaveCount(0);
  for (const other of others) {
    expect(await isSignedIn(other)).toBe(false);
    await other.close();
  }
  expect(await isSignedIn(context)).toBe(true);
});

test('all sessions are ended, and the person comes to the form', async ({
  signedIn,
  sessionsPage,
  loginPage,
  toasts,
  server,
  browser,
  context,
  page,
}) => {
  const other = await elsewhere(browser, server, signedIn, FIREFOX);
  await sessionsPage.openWith(2);

  await sessionsPage.endAll.click();

  await loginPage.shown();
  await expect(page).toHaveURL('/login');
  await expect(toasts.status).toContainText('You have been logged out everywhere.');
  expect(await isSignedIn(other)).toBe(false);
  expect(await isSignedIn(context)).toBe(false);
  await other.close();
});

test('a session can be ended with the keyboard alone', async ({ signedIn, sessionsPage, toasts, server, browser, page }) => {
  const other = await elsewhere(browser, server, signedIn, FIREFOX);
  await sessionsPage.openWith(2);

  await sessionsPage.end('Firefox on Linux').focus();
  await page.keyboard.press('Enter');

  await expect(toasts.status).toContainText('Session ended');
  expect(await isSignedIn(other)).toBe(false);
  await other.close();
});
