// Signing in with an e-mailed link: it works once, needs a POST, and does not reveal its token.

import type { Page } from '@playwright/test';

import { RESET, tokenOf } from '../fixtures/mailbox';
import { forgetPassword, forgetPasswordElsewhere, register, signIn } from '../fixtures/people';
import { test as base, expect, stay } from '../fixtures/test';

const FAILED = 'Auto login failed, please login manually.';

const test = base.extend<{ link: string }>({
  /** The link from an e-mail to `person`, requested in this browser. */
  link: async ({ context, server, mailbox, person, watch }, use) => {
    await forgetPassword(context, server, person);
    const { link } = await mailbox.newest(person.email, RESET);
    watch.expectLink(link);
    await use(link);
  },
});

test('a link signs in and leads to a new password', async ({
  signInLinkPage,
  setPasswordPage,
  header,
  link,
  person,
  page,
}) => {
  await signInLinkPage.follow(link, person.email);

  await expect(page).toHaveURL('/set-password');
  await expect(setPasswordPage.heading).toBeVisible();
  await expect(header.accountMenu.button).toBeVisible();
});

test('a link without an action leads home', async ({ signInLinkPage, homePage, link, person, page, watch }) => {
  const plain = link.replace('&action=password', '');
  watch.expectLink(plain);

  await signInLinkPage.follow(plain, person.email);

  await expect(page).toHaveURL('/');
  await homePage.shown();
});

test('the token leaves the address before anything else happens', async ({ signInLinkPage, link, person, page }) => {
  await stay(page, '**/api/sign-in-with-token');

  await page.goto(link, { waitUntil: 'commit' });

  await expect(signInLinkPage.heading).toBeVisible();
  await expect(signInLinkPage.continueAs(person.email)).toBeVisible();
  await expect(page).toHaveURL('/login');
  await expect(page).toHaveTitle(/ · Ironleaf$/);
  expect(await history(page)).not.toContain(tokenOf(link));
  expect(await page.content()).not.toContain(tokenOf(link));
});

test('opening a link does not use it up', async ({ signInLinkPage, link, person, page }) => {
  for (const method of ['HEAD', 'GET', 'GET', 'GET']) {
    const answer = await fetch(link, { method, redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/login');
  }

  await signInLinkPage.follow(link, person.email);

  await expect(page).toHaveURL('/set-password');
});

test('a link works once', async ({ signInLinkPage, loginPage, toasts, header, link, person, page, context }) => {
  await signInLinkPage.follow(link, person.email);
  await expect(page).toHaveURL('/set-password');
  await context.clearCookies();

  await signInLinkPage.followElsewhere(link, person.email);

  await expect(toasts.alert).toContainText(FAILED);
  await expect(loginPage.heading).toBeVisible();
  await expect(page).toHaveURL('/login');
  await expect(loginPage.email).toBeVisible();
  await expect(header.accountMenu.button).toHaveCount(0);
});

test('a made-up link signs nobody in', async ({
  signInLinkPage,
  loginPage,
  toasts,
  person,
  page,
  server,
}) => {
  const link = `${server.origin}/login?email=${person.email}&token=made-up`;

  await signInLinkPage.followElsewhere(link, person.email);

  await expect(toasts.alert).toContainText(FAILED);
  await expect(page).toHaveURL('/login');
  await loginPage.shown();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');
});

test('a token under another address signs nobody in', async ({ signInLinkPage, toasts, link, person, server, page, watch }) => {
  const other = await register(server);
  const mixed = link.replace(encodeURIComponent(person.email), encodeURIComponent(other.email));
  expect(mixed).not.toBe(link);
  watch.expectLink(mixed);

  await signInLinkPage.followElsewhere(mixed, other.email);

  await expect(toasts.alert).toContainText(FAILED);
  await expect(page).toHaveURL('/login');
});

test('a link that this browser has not asked for waits for its person', async ({
  signInLinkPage,
  mailbox,
  person,
  server,
  page,
  watch,
}) => {
  await forgetPasswordElsewhere(server, person);
  const { link } = await mailbox.newest(person.email, RESET);
  watch.expectLink(link);
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.method()));

  // The link waits, whoever opens it: a mail scanner that runs scripts, or a person whom another site sent here.
  await signInLinkPage.open(link);
  await signInLinkPage.shown();
  await expect(signInLinkPage.continueAs(person.email)).toBeVisible();
  await page.waitForTimeout(300);
  expect(sent).not.toContain('POST');

  await signInLinkPage.continueAs(person.email).click();
  await expect(page).toHaveURL('/set-password');
});

test('an incomplete link shows the login page', async ({ loginPage, person }) => {
  for (const query of [`?email=${person.email}`, '?token=x', '?email=&token=', `?email=${person.email}&token=`]) {
    await loginPage.open(query);
    await expect(loginPage.heading, query).toBeVisible();
  }
});

test('a person who is signed in is asked first', async ({
  signInLinkPage,
  accountPage,
  link,
  person,
  server,
  page,
  context,
}) => {
  await signIn(context, server, await register(server));

  await signInLinkPage.open(link);
  await signInLinkPage.shown();
  await expect(page).toHaveURL('/login');
  await signInLinkPage.continueAs(person.email).click();

  await expect(page).toHaveURL('/set-password');
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(person.email);
});

test('a person who remembers the password does not need the link', async ({
  signInLinkPage,
  loginPage,
  link,
  person,
  page,
}) => {
  await stay(page, '**/api/sign-in-with-token');
  await page.goto(link, { waitUntil: 'commit' });

  // A click before the script has run would be overtaken by the submission that the script starts.
  await signInLinkPage.shown();
  await signInLinkPage.usePassword.click();

  await loginPage.shown();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');
});

/** All addresses in this tab's history. */
function history(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { navigation } = window as unknown as { navigation?: { entries(): { url: string }[] } };
    return JSON.stringify(navigation?.entries().map((entry) => entry.url) ?? window.location.href);
  });
}
