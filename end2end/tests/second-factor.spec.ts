// Signing in with two steps: the pages that set it up, and the one that asks for the code.

import { RESET } from '../fixtures/mailbox';
import { forgetPassword } from '../fixtures/people';
import { test as base, expect } from '../fixtures/test';
import { CodePage } from '../pages/code';
import { TwoFactorPage } from '../pages/two-factor';

const WRONG = 'This code is not correct, or it was used already';

const test = base.extend<{ codePage: CodePage; twoFactorPage: TwoFactorPage }>({
  codePage: async ({ page, javaScriptEnabled }, use) => use(new CodePage(page, javaScriptEnabled)),
  twoFactorPage: async ({ page, javaScriptEnabled }, use) => use(new TwoFactorPage(page, javaScriptEnabled)),
});

test('an app is set up, and its code is asked for at the next login', async ({
  signedIn,
  accountPage,
  twoFactorPage,
  codePage,
  loginPage,
  toasts,
  context,
  page,
}) => {
  await accountPage.open();
  await page.getByRole('link', { name: 'Two steps to log in' }).click();
  await twoFactorPage.shown();

  const { app } = await twoFactorPage.setUp();

  await expect(toasts.status).toContainText('Your account asks for a code from now on.');
  await page.reload();
  await expect(twoFactorPage.recoveryCodes).toHaveCount(0);

  await context.clearCookies();
  await loginPage.open('?return_to=/account/activity');
  await loginPage.signIn(signedIn);
  await codePage.shown();
  await expect(page).toHaveURL('/login/code?return_to=/account/activity');
  await expect(codePage.code).toHaveAttribute('autocomplete', 'one-time-code');
  await expect(codePage.code).toHaveAttribute('inputmode', 'numeric');
  expect((await context.cookies()).some(({ name }) => name === 'ironleaf-session')).toBe(false);

  await codePage.send(app.code(1));

  await expect(page).toHaveURL('/account/activity');
  await expect(page.getByRole('main')).toContainText('Code for logging in enabled');
});

test('a wrong code is reported beside the field, and a recovery code works once', async ({
  signedIn,
  twoFactorPage,
  codePage,
  loginPage,
  context,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in-with-code', 422);
  const { app, recoveryCodes } = await twoFactorPage.setUp();
  const [code = ''] = recoveryCodes;
  await context.clearCookies();
  await loginPage.open();
  await loginPage.signIn(signedIn);
  await codePage.shown();

  await codePage.send(app.code());

  await expect(codePage.code).toHaveAccessibleDescription(WRONG);
  await codePage.ready();
  await codePage.useRecoveryCode.click();
  await expect(codePage.recoveryCode).not.toHaveAttribute('inputmode');
  await codePage.ready();
  await codePage.recoveryCode.fill(code.toUpperCase());
  await codePage.continue.click();
  await expect(page).toHaveURL('/');

  await context.clearCookies();
  await loginPage.open();
  await loginPage.signIn(signedIn);
  await codePage.shown();
  await codePage.open('?with=recovery');
  await codePage.recoveryCode.fill(code);
  await codePage.continue.click();
  await expect(codePage.recoveryCode).toHaveAccessibleDescription(WRONG);
});

test('the link of an e-mail leads over the code to a new password', async ({
  signedIn,
  twoFactorPage,
  signInLinkPage,
  codePage,
  setPasswordPage,
  mailbox,
  server,
  context,
  page,
  watch,
}) => {
  const { app } = await twoFactorPage.setUp();
  await context.clearCookies();
  await forgetPassword(context, server, signedIn);
  const { link } = await mailbox.newest(signedIn.email, RESET);
  watch.expectLink(link);

  await signInLinkPage.follow(link, signedIn.email);
  await codePage.shown();
  await codePage.send(app.code(1));

  await expect(page).toHaveURL('/set-password');
  await expect(setPasswordPage.heading).toBeVisible();
});

test('a code makes new recovery codes, and disables the second step', async ({
  signedIn,
  twoFactorPage,
  loginPage,
  toasts,
  context,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/disable-second-factor', 422);
  const { app, recoveryCodes } = await twoFactorPage.setUp();
  await twoFactorPage.open();
  await expect(twoFactorPage.main).toContainText('You have 10 recovery codes left.');
  await twoFactorPage.newCodes.click();
  await expect(twoFactorPage.makeNewCodes).toBeVisible();
  await twoFactorPage.ready();
  await twoFactorPage.codeOrRecovery.fill(app.code(1));
  await twoFactorPage.makeNewCodes.click();
  await expect(twoFactorPage.recoveryCodes).toHaveCount(10);
  const [code = ''] = await twoFactorPage.recoveryCodes.allInnerTexts();
  expect(recoveryCodes).not.toContain(code);

  await twoFactorPage.open();
  await twoFactorPage.disable.click();
  await expect(twoFactorPage.disableNow).toBeVisible();
  await twoFactorPage.ready();
  await twoFactorPage.codeOrRecovery.fill(recoveryCodes[0] ?? '');
  await twoFactorPage.disableNow.click();
  await expect(twoFactorPage.codeOrRecovery).toHaveAccessibleDescription(WRONG);
  await twoFactorPage.ready();
  await twoFactorPage.codeOrRecovery.fill(code);
  await twoFactorPage.disableNow.click();

  await expect(toasts.status).toContainText('Your account no longer asks for a code.');
  await expect(twoFactorPage.begin).toBeVisible();
  await context.clearCookies();
  await loginPage.open();
  await loginPage.signIn(signedIn);
  await expect(page).toHaveURL('/');
});
