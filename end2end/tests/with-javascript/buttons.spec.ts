// Whether buttons can be read while their state changes.

import { expect, test } from '../../fixtures/test';

declare global {
  interface Window {
    fadingButtons: string[];
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    // Between the colors of the two states, the text of a button has hardly any contrast.
    test('a button that becomes disabled or enabled does not fade', async ({ loginPage, page }) => {
      await page.addInitScript(() => {
        window.fadingButtons = [];
        document.addEventListener('transitionrun', ({ target, propertyName }) => {
          if (target instanceof HTMLButtonElement) window.fadingButtons.push(propertyName);
        });
      });
      await loginPage.open();
      await expect(loginPage.login).toBeDisabled();
      await loginPage.login.hover({ force: true });
      await loginPage.email.fill('ada@example.com');
      await loginPage.password.fill('password1');
      await expect(loginPage.login).toBeEnabled();
      await loginPage.email.fill('');
      await expect(loginPage.login).toBeDisabled();

      // Two frames later, each transition has begun.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      expect(await page.evaluate(() => window.fadingButtons)).toEqual([]);
    });
  });
}
