import { expect, test } from '../fixtures/test';

test('an unknown address shows a page that leads home', async ({ notFoundPage, page, watch }) => {
  watch.expectRefusal('/no-such-page', 404);

  const response = await notFoundPage.open();

  expect(response.status()).toBe(404);
  await expect(page).toHaveTitle('Page not found · Ironleaf');
  await expect(notFoundPage.heading).toBeVisible();
  await notFoundPage.home.click();
  await expect(page).toHaveURL('/');
});

test('a page shows no text out of its address', async ({ notFoundPage, watch }) => {
  watch.expectRefusal('/call-0800-for-support', 404);

  await notFoundPage.open('/call-0800-for-support?__err=call+0800&message=call+0800');

  await expect(notFoundPage.heading).toBeVisible();
  await expect(notFoundPage.main).not.toContainText('0800');
});
