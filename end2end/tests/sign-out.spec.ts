import { expect, test } from '../fixtures/test';

test('signing out ends at home, without a session', async ({ signedIn, header, context, page }) => {
  expect(signedIn.email).toContain('@');

  await header.signOut();

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toHaveCount(0);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});

test('after signing out the account page asks to log in', async ({ signedIn, accountPage, header, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  await header.signOut();

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
});

test('the back button shows no private page after signing out', async ({
  signedIn,
  accountPage,
  header,
  page,
}) => {
  await accountPage.open();
  await header.signOut();

  await page.goBack();

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(page.getByText(signedIn.email)).toHaveCount(0);
});
