// What happened to an account, and taking back an address.

import type { Locator, Page, Response } from '@playwright/test';

import { accessibilityProblems } from '../fixtures/accessibility';
import { RESET, VERIFY, tokenOf } from '../fixtures/mailbox';
import { canSignIn } from '../fixtures/people';
import { expect, test as base } from '../fixtures/test';
import { Screen } from '../pages/screen';

class ActivityPage extends Screen {
  readonly heading: Locator;
  readonly table: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Activity');
    this.table = this.main.getByRole('table');
  }

  open(): Promise<Response> {
    return this.visit('/account/activity');
  }

  /** The rows with this event. */
  events(what: string): Locator {
    return this.table.getByRole('row').filter({ has: this.page.getByRole('cell', { name: what, exact: true }) });
  }
}

class RestoreAddressPage extends Screen {
  readonly heading: Locator;
  readonly takeBack: Locator;
  readonly success: Locator;
  readonly error: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Take your address back');
    this.takeBack = this.button('Take it back');
    this.success = this.title('Success! your address is yours again');
    this.error = this.title('Error! Invalid token');
  }
}

const test = base.extend<{ activityPage: ActivityPage; restoreAddressPage: RestoreAddressPage }>({
  activityPage: async ({ page, javaScriptEnabled }, use) => use(new ActivityPage(page, javaScriptEnabled)),
  restoreAddressPage: async ({ page, javaScriptEnabled }, use) => use(new RestoreAddressPage(page, javaScriptEnabled)),
});

test('a person sees their sign-in with time, browser and address', async ({
  loginPage,
  accountPage,
  activityPage,
  person,
  page,
  javaScriptEnabled,
}) => {
  await loginPage.open('?return_to=/account');
  await loginPage.signIn(person);
  await accountPage.shown();
  await accountPage.main.getByRole('link', { name: 'Show activity' }).click();

  await expect(activityPage.heading).toBeVisible();
  await expect(page).toHaveTitle('Activity · Ironleaf');
  const row = activityPage.events('Signed in').first();
  await expect(row).toContainText(/Chrome on \w+/);
  await expect(row).toContainText('127.0.0.1');
  await expect(row.locator('time')).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  // What looks for problems is a script.
  if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
});

test('a visitor has to log in', async ({ loginPage, page }) => {
  await page.goto('/account/activity');

  await expect(page).toHaveURL('/login?return_to=/account/activity');
  await loginPage.shown();
});

test('whoever reads the old mailbox takes the address back', async ({
  signedIn,
  accountPage,
  emailVerificationPage,
  restoreAddressPage,
  toasts,
  mailbox,
  server,
  watch,
  page,
  javaScriptEnabled,
}) => {
  const verify = await mailbox.newest(signedIn.email, VERIFY);
  watch.expectLink(verify.link);
  await emailVerificationPage.followElsewhere(verify.link);
  await expect(emailVerificationPage.success).toBeVisible();
  const other = `other-${signedIn.email}`;
  await accountPage.open();
  await accountPage.send({ email: other });
  await expect(toasts.status).toContainText('Account updated successfully');
  const change = await mailbox.newest(other, VERIFY);
  watch.expectLink(change.link);
  await emailVerificationPage.follow(change.link);
  await expect(emailVerificationPage.success).toBeVisible();

  const told = await mailbox.newest(signedIn.email, 'Your e-mail address has been changed');
  expect(told.text).toContain('When: ');
  expect(told.text).toContain('From: ');
  watch.expectLink(told.link);
  await page.goto(told.link);
  await restoreAddressPage.shown();
  await expect(page).toHaveURL('/restore-address');
  expect(await page.content()).not.toContain(tokenOf(told.link));
  if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
  await restoreAddressPage.takeBack.click();

  await expect(restoreAddressPage.success).toBeVisible();
  expect(await canSignIn(server, { ...signedIn, email: other })).toBe(false);
  await mailbox.newest(signedIn.email, RESET);
  await page.goto('/account');
  await expect(page).toHaveURL('/login?return_to=/account');
});

test('a made-up way back is an error', async ({ restoreAddressPage, server, page }) => {
  await page.goto(`${server.origin}/restore-address?token=made-up`);
  await restoreAddressPage.takeBack.click();

  await expect(restoreAddressPage.error).toBeVisible();
  await expect(page).toHaveURL('/restore-address');
});
