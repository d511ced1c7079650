import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test } from '../../fixtures/test';

async function violations(page: Page): Promise<string[]> {
  // Colours that are on their way would be measured halfway.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.html).join(' | ')})`);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('the home page is accessible', async ({ homePage, page }) => {
      await homePage.open();
      expect(await violations(page)).toEqual([]);
    });

    test('an open menu is accessible', async ({ homePage, header, page }) => {
      await homePage.open();
      await header.themeMenu.open();
      expect(await violations(page)).toEqual([]);
    });

    test('the login page is accessible', async ({ loginPage, page }) => {
      await loginPage.open();
      expect(await violations(page)).toEqual([]);
    });

    test('the login page with an error is accessible', async ({ loginPage, toasts, person, page, watch }) => {
      watch.expectRefusal('/api/sign-in', 401);
      await loginPage.open();
      await loginPage.signIn({ ...person, password: 'not the password' });
      await expect(toasts.alert).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    test('the account page and its menu are accessible', async ({ signedIn, accountPage, header, page }) => {
      expect(signedIn.email).toContain('@');
      await accountPage.open();
      expect(await violations(page)).toEqual([]);
      await header.accountMenu.open();
      expect(await violations(page)).toEqual([]);
    });

    test('the page for unknown addresses is accessible', async ({ notFoundPage, page, watch }) => {
      watch.expectRefusal('/no-such-page', 404);
      await notFoundPage.open();
      expect(await violations(page)).toEqual([]);
    });
  });
}
