import { AccountPage } from '../pages/account';
import { LoginPage } from '../pages/login';
import { canSignIn, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('signing out ends at home, without a session', async ({ signedIn, homePage, header, context, page }) => {
  expect(signedIn.email).toContain('@');
  await homePage.open();

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

test('the back button shows no private page after signing out', async ({ signedIn, accountPage, header, page }) => {
  await accountPage.open();
  await header.signOut();

  await page.goBack();

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(page.getByText(signedIn.email)).toHaveCount(0);
});

test('another tab notices with the next page it asks for', async ({ signedIn, accountPage, header, context, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  const tab = await context.newPage();
  await tab.goto('/');

  await header.signOut();
  await expect(page).toHaveURL('/');
  await tab.goto('/account');

  await expect(tab).toHaveURL('/login?return_to=/account');
});

test('another tab notices with the next form it sends, and changes nothing', async ({
  signedIn,
  homePage,
  header,
  context,
  server,
  watch,
  javaScriptEnabled,
}) => {
  watch.expectRefusal('/api/update-account', 401);
  const { email } = stranger();
  const tab = await context.newPage();
  const [account, login] = [new AccountPage(tab, javaScriptEnabled), new LoginPage(tab, javaScriptEnabled)];
  await account.open();
  await account.fill({ email, password: 'a new password' });
  await homePage.open();

  await header.signOut();
  await account.update.click();

  await expect(tab).toHaveURL('/login?return_to=/account');
  await login.shown();
  expect(await canSignIn(server, signedIn)).toBe(true);
  await login.signIn(signedIn);
  await expect(tab).toHaveURL('/account');
  await expect(account.email).toHaveValue(email);
  await expect(account.password).toHaveValue('');
});
