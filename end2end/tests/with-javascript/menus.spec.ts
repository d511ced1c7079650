import { expect, test } from '../../fixtures/test';

test('arrow keys, Home and End go through a menu and around its ends', async ({ homePage, header, page }) => {
  await homePage.open();
  await header.themeMenu.button.focus();
  await page.keyboard.press('Enter');
  await expect(header.themeMenu.item('Light')).toBeFocused();

  for (const [key, item] of [
    ['ArrowDown', 'Dark'],
    ['ArrowDown', 'System'],
    ['ArrowDown', 'Light'],
    ['ArrowUp', 'System'],
    ['Home', 'Light'],
    ['End', 'System'],
  ] as const) {
    await page.keyboard.press(key);
    await expect(header.themeMenu.item(item), `after ${key}`).toBeFocused();
  }
});

test('Enter chooses the item that has the focus', async ({ homePage, header, page }) => {
  await homePage.open();
  await header.themeMenu.button.focus();
  await page.keyboard.press('Enter');
  await expect(header.themeMenu.item('Light')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(header.themeMenu.item('Dark')).toBeFocused();

  await page.keyboard.press('Enter');

  await expect(homePage.html).toHaveClass(/\bdark\b/);
});

test('the account menu, too, is used with the keyboard alone', async ({ signedIn, header, page }) => {
  expect(signedIn.email).toContain('@');
  await header.accountMenu.button.focus();
  await page.keyboard.press('Enter');
  await expect(header.accountMenu.item('Settings')).toBeFocused();
  await page.keyboard.press('End');
  await expect(header.accountMenu.item('Logout')).toBeFocused();

  await page.keyboard.press('Enter');

  await expect(header.login).toBeVisible();
});
