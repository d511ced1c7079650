// Toasts that disappear by themselves. The tests move the browser's clock.

import { stranger } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test.beforeEach(async ({ page, loginPage, toasts, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await page.clock.install();
  await loginPage.open();
  await loginPage.signIn(stranger());
  await expect(toasts.alert).toBeVisible();
});

test('a toast stays for five seconds', async ({ toasts, page }) => {
  // Less than two seconds have passed since the toast appeared.
  await page.clock.fastForward(3_000);
  await expect(toasts.alert).toBeVisible();

  await page.clock.fastForward(2_000);

  await expect(toasts.alert).toHaveCount(0);
});

test('a toast stays while the mouse is over it', async ({ loginPage, toasts, page }) => {
  await toasts.alert.hover();
  await page.clock.fastForward(20_000);
  await page.clock.fastForward(20_000);
  await expect(toasts.alert).toBeVisible();

  await loginPage.heading.hover();
  await page.clock.fastForward(6_000);

  await expect(toasts.alert).toHaveCount(0);
});

test('a toast stays while it has the keyboard focus', async ({ loginPage, toasts, page }) => {
  await page.keyboard.press('Alt+t');
  await expect(toasts.region).toBeFocused();
  await page.clock.fastForward(20_000);
  await page.clock.fastForward(20_000);
  await expect(toasts.alert).toBeVisible();

  await loginPage.email.focus();
  await page.clock.fastForward(6_000);

  await expect(toasts.alert).toHaveCount(0);
});

test('a toast can be reached with Alt+T and closed', async ({ toasts, keyboard, page }) => {
  await page.keyboard.press('Alt+t');
  await expect(toasts.region).toBeFocused();

  await keyboard.press(toasts.close);

  await expect(toasts.alert).toHaveCount(0);
});
