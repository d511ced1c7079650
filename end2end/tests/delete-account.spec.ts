import { canSignIn } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('a dialog says that the deletion cannot be undone', async ({ signedIn, accountPage, server }) => {
  await accountPage.open();

  await accountPage.deleteAccount.click();

  const { dialog, cancel, deleteAccount } = accountPage.deleteDialog;
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText(/cannot be undone/);
  await expect(dialog).toHaveAccessibleDescription(/cannot be undone/);
  await expect(deleteAccount).toBeVisible();
  await expect(cancel).toBeVisible();
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('Cancel closes the dialog', async ({ signedIn, accountPage, server, page }) => {
  await accountPage.open();
  await accountPage.deleteAccount.click();

  await accountPage.deleteDialog.cancel.click();

  await expect(accountPage.deleteDialog.dialog).toBeHidden();
  await expect(accountPage.deleteAccount).toBeFocused();
  await expect(page).toHaveURL('/account');
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('Escape closes the dialog and returns the focus', async ({ signedIn, accountPage, server, page }) => {
  await accountPage.open();
  await accountPage.deleteAccount.click();
  await expect(accountPage.deleteDialog.dialog).toBeVisible();

  await page.keyboard.press('Escape');

  await expect(accountPage.deleteDialog.dialog).toBeHidden();
  await expect(accountPage.deleteAccount).toBeFocused();
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('the account is deleted, and the person is signed out', async ({
  signedIn,
  accountPage,
  header,
  toasts,
  server,
  page,
  context,
}) => {
  await accountPage.open();
  await accountPage.deleteAccount.click();

  await accountPage.deleteDialog.deleteAccount.click();

  await expect(toasts.status).toContainText('Account deleted successfully');
  await expect(page).toHaveURL('/');
  await expect(header.login).toBeVisible();
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
  expect(await canSignIn(server, signedIn)).toBe(false);
});

test('there is a page for browsers that cannot open the dialog', async ({
  signedIn,
  deleteAccountPage,
  accountPage,
  toasts,
  server,
  page,
}) => {
  await deleteAccountPage.open();
  await expect(deleteAccountPage.heading).toBeVisible();
  await expect(deleteAccountPage.main).toContainText(/cannot be undone/);
  await deleteAccountPage.cancel.click();
  await expect(page).toHaveURL('/account');
  await accountPage.shown();
  await deleteAccountPage.open();

  await deleteAccountPage.deleteAccount.click();

  await expect(toasts.status).toContainText('Account deleted successfully');
  await expect(page).toHaveURL('/');
  expect(await canSignIn(server, signedIn)).toBe(false);
});

test('a visitor has nothing to delete', async ({ page, loginPage }) => {
  await page.goto('/account/delete');

  await expect(page).toHaveURL(/\/login\?return_to=/);
  await loginPage.shown();
});
