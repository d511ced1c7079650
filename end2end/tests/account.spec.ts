import { ADMIN } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('the account page shows whose it is', async ({ signedIn, accountPage, page }) => {
  const response = await accountPage.open();

  expect(response.status()).toBe(200);
  expect(response.headers()['cache-control']).toContain('no-store');
  await expect(page).toHaveTitle('Account · Ironleaf');
  await expect(accountPage.heading).toBeVisible();
  await expect(accountPage.main).toContainText(
    'Manage your account settings and set e-mail preferences.',
  );
  await expect(accountPage.main).toContainText(signedIn.email);
});

test('the breadcrumb leads home', async ({ signedIn, accountPage, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  await expect(accountPage.breadcrumb).toContainText('Account');

  await accountPage.breadcrumb.getByRole('link', { name: 'Home' }).click();

  await expect(page).toHaveURL('/');
});

test('an administrator sees that they are one', async ({ loginPage, accountPage, page }) => {
  await loginPage.open('?return_to=/account');

  await loginPage.signIn(ADMIN);

  await expect(page).toHaveURL('/account');
  await expect(accountPage.main).toContainText(ADMIN.email);
  await expect(accountPage.role('Administrator')).toBeVisible();
});

test('a visitor is asked to log in first and comes back', async ({ loginPage, accountPage, person, page }) => {
  await page.goto('/account');
  await expect(page).toHaveURL('/login?return_to=/account');
  await loginPage.ready();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account');
  await expect(accountPage.main).toContainText(person.email);
});

test('a cookie with one character changed is nobody', async ({ signedIn, context, page }) => {
  expect(signedIn.email).toContain('@');
  const session = (await context.cookies()).find((cookie) => cookie.name === 'ironleaf-session');
  if (!session) throw new Error('there is no session cookie');
  const last = session.value.length - 10;
  const changed = session.value[last] === 'A' ? 'B' : 'A';
  const value = session.value.slice(0, last) + changed + session.value.slice(last + 1);
  await context.addCookies([{ ...session, value }]);

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});
