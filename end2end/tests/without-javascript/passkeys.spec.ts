// Without scripts, there are passwords and codes; the pages say that passkeys need more.

import { expect, test } from '../../fixtures/test';
import { PasskeysPage } from '../../pages/passkeys';

test.use({ serverOptions: { atLocalhost: true } });

const NEEDS = 'Passkeys need JavaScript, and a browser that has them.';

test('passkeys say what they need, and a password logs in', async ({ person, loginPage, page }) => {
  await loginPage.open();
  // Chromium shows this where scripts are off in its settings, and not where a test turns them off.
  expect(await page.locator('noscript').evaluate((element) => element.textContent)).toContain(NEEDS);
  await expect(loginPage.passkey).toBeHidden();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');

  const passkeysPage = new PasskeysPage(page, false);
  await passkeysPage.open();
  await expect(passkeysPage.main).toContainText(NEEDS);
  await expect(passkeysPage.add).toBeHidden();
});
