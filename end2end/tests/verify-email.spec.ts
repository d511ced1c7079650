import { VERIFY, tokenOf } from '../fixtures/mailbox';
import { test as base, expect, stay } from '../fixtures/test';

const test = base.extend<{ link: string }>({
  /** The link from the e-mail that `person` received after registering. */
  link: async ({ mailbox, person, watch }, use) => {
    const { link } = await mailbox.newest(person.email, VERIFY);
    watch.expectLink(link);
    await use(link);
  },
});

test('the link from the e-mail verifies the address', async ({
  signedIn,
  emailVerificationPage,
  accountPage,
  link,
  page,
}) => {
  await accountPage.open();
  await expect(accountPage.unverified).toBeVisible();

  await emailVerificationPage.followElsewhere(link);

  await expect(emailVerificationPage.success).toBeVisible();
  await expect(page).toHaveURL('/email-verification');
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(signedIn.email);
  await expect(accountPage.unverified).toHaveCount(0);
});

test('the link works for a person who is signed out, and a second time', async ({ emailVerificationPage, header, link }) => {
  await emailVerificationPage.followElsewhere(link);
  await expect(emailVerificationPage.success).toBeVisible();
  await expect(header.accountMenu.button).toHaveCount(0);

  await emailVerificationPage.followElsewhere(link);

  await expect(emailVerificationPage.success).toBeVisible();
});

test('the header of the page has only the logo', async ({ emailVerificationPage, header, page }) => {
  await emailVerificationPage.open();

  await expect(header.logo).toBeVisible();
  await expect(header.login).toHaveCount(0);
  await expect(header.themeMenu.button).toHaveCount(0);
  await expect(page).toHaveTitle(/ · Ironleaf$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
});

test('the token leaves the address before anything else happens', async ({ emailVerificationPage, link, page }) => {
  await stay(page, '**/api/verify-email');

  await page.goto(link, { waitUntil: 'commit' });

  await expect(emailVerificationPage.heading).toBeVisible();
  await expect(emailVerificationPage.verify).toBeVisible();
  await expect(page).toHaveURL('/email-verification');
  expect(await page.content()).not.toContain(tokenOf(link));
});

test('opening the link verifies nothing', async ({ signedIn, accountPage, link }) => {
  expect(signedIn.email).toContain('@');
  for (const method of ['HEAD', 'GET', 'GET']) {
    const answer = await fetch(link, { method, redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/email-verification');
  }

  await accountPage.open();

  await expect(accountPage.unverified).toBeVisible();
});

test('a made-up link is an error', async ({ emailVerificationPage, server, page }) => {
  await emailVerificationPage.followElsewhere(`${server.origin}/email-verification?token=made-up`);

  await expect(emailVerificationPage.error).toBeVisible();
  await expect(page).toHaveURL('/email-verification');
});

test('a link without a token is an error', async ({ emailVerificationPage }) => {
  for (const query of ['', '?token=']) {
    await emailVerificationPage.open(query);
    await expect(emailVerificationPage.error, query).toBeVisible();
  }
});

test('the e-mail is sent again on request, and its link works', async ({
  signedIn,
  accountPage,
  emailVerificationPage,
  toasts,
  mailbox,
  page,
  watch,
}) => {
  const first = await mailbox.newest(signedIn.email, VERIFY);
  await accountPage.open();

  await accountPage.resendEmail.click();

  await expect(toasts.status).toContainText('Verification email sent');
  await expect(page).toHaveURL('/account');
  const { link } = await mailbox.newest(signedIn.email, VERIFY, first);
  watch.expectLink(link);
  await emailVerificationPage.follow(link);
  await expect(emailVerificationPage.success).toBeVisible();
});
