import { expect, test } from '../fixtures/test';

test('the home page says what this is and where to go', async ({ homePage, header, page }) => {
  const response = await homePage.open();

  expect(response.status()).toBe(200);
  await expect(page).toHaveTitle('Ironleaf');
  await expect(homePage.html).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(homePage.heading).toBeVisible();
  await expect(homePage.main).toContainText('Your starting point');
  await expect(homePage.getStarted).toHaveAttribute('href', /.+/);
  await expect(homePage.gitHub).toHaveAttribute('href', /.+/);
  await expect(header.logo).toHaveAttribute('href', '/');
});

test('a visitor can go to the login page', async ({ homePage, loginPage, header, page }) => {
  await homePage.open();
  await expect(header.accountMenu.button).toHaveCount(0);

  await header.login.click();

  await expect(page).toHaveURL('/login');
  await expect(loginPage.heading).toBeVisible();
});

test('a person who is signed in sees the account menu instead', async ({ signedIn, homePage, header }) => {
  expect(signedIn.email).toContain('@');
  await homePage.open();

  await expect(header.accountMenu.button).toBeVisible();
  await expect(header.login).toHaveCount(0);
});
