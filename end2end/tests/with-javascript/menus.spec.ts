import { expect, test } from '../../fixtures/test';

test('arrow keys, Home and End move through a menu and wrap around', async ({ homePage, header, page }) => {
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

test('the account menu works with the keyboard alone, too', async ({ signedIn, homePage, header, page }) => {
  expect(signedIn.email).toContain('@');
  await homePage.open();
  await header.accountMenu.button.focus();
  await page.keyboard.press('Enter');
  await expect(header.accountMenu.item('Settings')).toBeFocused();
  await page.keyboard.press('End');
  await expect(header.accountMenu.item('Logout')).toBeFocused();

  await page.keyboard.press('Enter');

  await expect(header.login).toBeVisible();
});

test('a letter moves to the item that begins with it', async ({ homePage, header, page }) => {
  await homePage.open();
  await header.themeMenu.button.focus();
  await page.keyboard.press('Enter');
  await expect(header.themeMenu.item('Light')).toBeFocused();

  await page.keyboard.press('s');

  await expect(header.themeMenu.item('System')).toBeFocused();
});

test('the button says whether its menu is open', async ({ homePage, header, page }) => {
  await homePage.open();
  await expect(header.themeMenu.button).toHaveAttribute('aria-expanded', 'false');
  await header.themeMenu.open();
  await expect(header.themeMenu.button).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Escape');
  await expect(header.themeMenu.button).toHaveAttribute('aria-expanded', 'false');
});

test('nothing moves for a person who asked for reduced motion', async ({ page, homePage, header }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await homePage.open();
  await header.themeMenu.open();

  // Colours may fade, but nothing may change its place or size.
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll('*')].flatMap((element) => {
      const { transitionProperty, transitionDuration, animationName } = getComputedStyle(element);
      const fades = transitionProperty.split(', ').every((property) => /color|opacity|shadow/.test(property));
      const moves = animationName !== 'none' || (!fades && /[1-9]/.test(transitionDuration));
      return moves ? [element.outerHTML.slice(0, 80)] : [];
    }),
  );
  expect(moving).toEqual([]);
});
