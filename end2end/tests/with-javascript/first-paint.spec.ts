// What is on the screen before the scripts of a page are there.

import { expect, hold, test } from '../../fixtures/test';

test('a message stands in its corner from the start', async ({ signedIn, deleteAccountPage, toasts, page }) => {
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
