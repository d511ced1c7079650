// The states of the second step that only a person with an app sees.

import { accessibilityProblems } from '../../fixtures/accessibility';
import { expect, test } from '../../fixtures/test';
import { CodePage } from '../../pages/code';
import { TwoFactorPage } from '../../pages/two-factor';

test('each of its pages is accessible', async ({ signedIn, loginPage, context, page }) => {
  test.slow();
  const [twoFactorPage, codePage] = [new TwoFactorPage(page, true), new CodePage(page, true)];
  await twoFactorPage.open();
  await twoFactorPage.begin.click();
  await expect(twoFactorPage.qrCode).toBeVisible();
  await twoFactorPage.ready();
  expect(await accessibilityProblems(page)).toEqual([]);

  await twoFactorPage.setUp();
  expect(await accessibilityProblems(page)).toEqual([]);
  for (const path of ['', '/recovery-codes', '/disable']) {
    await page.goto(`/account/two-factor${path}`);
    await twoFactorPage.ready();
    expect(await accessibilityProblems(page)).toEqual([]);
  }
  await context.clearCookies();
  await loginPage.open();
  await loginPage.signIn(signedIn);
  await codePage.shown();
  expect(await accessibilityProblems(page)).toEqual([]);
});
