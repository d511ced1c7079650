import { expect, test } from '../fixtures/test';

for (const theme of ['Light', 'Dark'] as const) {
  test(`${theme} is chosen, remembered and rendered by the server`, async ({ homePage, header, page }) => {
    const name = theme.toLowerCase();
    await homePage.open();
    await expect(homePage.html).not.toHaveClass(/\b(light|dark)\b/);

    await header.chooseTheme(theme);
    await expect(homePage.html).toHaveClass(name);

    // The document itself contains the theme, so the page never shows in the wrong one.
    const html = await (await page.request.get('/')).text();
    expect(html).toMatch(new RegExp(`<html[^>]* class="${name}"`));
  });
}

test('System leaves the choice to the device again', async ({ homePage, header }) => {
  await homePage.open();
  await header.chooseTheme('Dark');
  await expect(homePage.html).toHaveClass('dark');

  await header.chooseTheme('System');

  await expect(homePage.html).not.toHaveClass(/\b(light|dark)\b/);
  await homePage.open();
  await expect(homePage.html).not.toHaveClass(/\b(light|dark)\b/);
});

test('choosing a theme stays on the page', async ({ signedIn, accountPage, header, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();

  await header.chooseTheme('Dark');

  await expect(accountPage.html).toHaveClass('dark');
  await expect(page).toHaveURL('/account');
});

test('the theme stays after signing out', async ({ signedIn, homePage, header }) => {
  expect(signedIn.email).toContain('@');
  await homePage.open();
  await header.chooseTheme('Dark');
  await expect(homePage.html).toHaveClass('dark');

  await header.signOut();

  await expect(homePage.html).toHaveClass('dark');
});

test('the device decides until a person does, and the other theme does not flash', async ({
  homePage,
  header,
  page,
}) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'dark' });
  await homePage.open();
  const dark = await ground();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  expect(light).not.toBe(dark);

  await header.chooseTheme('Dark');
  expect(await ground()).toBe(dark);

  await page.goto('/login', { waitUntil: 'commit' });
  await expect(homePage.html).toHaveClass('dark');
});
