// What the screen shows before the page's scripts have loaded.

import { expect, hold, test } from '../../fixtures/test';

test('a message is in its corner from the start', async ({ signedIn, deleteAccountPage, toasts, page }) => {
  expect(signedIn.email).toContain('@');
  const release = await hold(page, '**/pkg/site.*.js');
  await page.goto('/account/delete', { waitUntil: 'domcontentloaded' });
  await deleteAccountPage.deleteAccount.click();
  await expect(page).toHaveURL('/');
  await expect(toasts.status).toContainText('Account deleted successfully');
  const before = await toasts.region.boundingBox();

  release();

  await expect(toasts.region).toHaveClass(/floating/);
  expect(await toasts.region.boundingBox()).toEqual(before);
});
