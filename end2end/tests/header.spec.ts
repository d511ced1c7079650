import { expect, test } from '../fixtures/test';

test('the account menu leads to the settings', async ({ signedIn, homePage, header, accountPage, page }) => {
  expect(signedIn.email).toContain('@');
  await homePage.open();

  await header.accountMenu.open();
  await expect(header.accountMenu.items).toHaveText(['Settings', 'Logout']);
  await header.accountMenu.item('Settings').click();

  await expect(page).toHaveURL('/account');
  await expect(accountPage.heading).toBeVisible();
});

test('the theme menu offers three themes', async ({ homePage, header }) => {
  await homePage.open();

  await header.themeMenu.open();

  await expect(header.themeMenu.items).toHaveText(['Light', 'Dark', 'System']);
});

test('a menu opens with Enter, and Escape closes it and returns the focus', async ({
  homePage,
  header,
  page,
}) => {
  await homePage.open();
  await header.themeMenu.button.focus();

  await page.keyboard.press('Enter');
  await expect(header.themeMenu.menu).toBeVisible();
  await page.keyboard.press('Escape');

  await expect(header.themeMenu.menu).toBeHidden();
  await expect(header.themeMenu.button).toBeFocused();
  await expect(homePage.html).not.toHaveClass(/\b(light|dark)\b/);
});

test('a click outside closes a menu', async ({ homePage, header }) => {
  await homePage.open();
  await header.themeMenu.open();

  await homePage.heading.click();

  await expect(header.themeMenu.menu).toBeHidden();
});

test('the account button shows the initials of the person', async ({ signedIn, homePage, header }) => {
  await homePage.open();

  await expect(header.accountMenu.button).toContainText(signedIn.email.slice(0, 1).toUpperCase());
  await expect(header.accountMenu.button).toHaveAccessibleName('Account menu');
});

test('the brand is the configured name of the site', async ({ server, header, homePage, page }) => {
  const origin = await server.startReplica({ APP_NAME: 'Blattgold & Söhne' });

  await page.goto(origin);

  await expect(header.brand('Blattgold & Söhne')).toHaveAttribute('href', '/');
  await expect(page).toHaveTitle('Blattgold & Söhne');
  await page.goto(`${origin}/login`);
  await expect(page).toHaveTitle('Login · Blattgold & Söhne');
  await expect(homePage.html).not.toContainText('Ironleaf');
});
