import { expect, test } from '../fixtures/test';

test.use({ serverOptions: { settings: { CORE_API_ACCESS_TOKEN_TTL: '2s' } } });

test('an expired access token is renewed on the page that needs it', async ({ signedIn, accountPage, page }) => {
  // Real time has to pass here: the token's life is counted by another process.
  await expect
    .poll(
      async () => {
        const response = await page.goto('/account');
        const headers = (await response?.headersArray()) ?? [];
        expect(response?.status()).toBe(200);
        return headers
          .filter(({ name }) => name.toLowerCase() === 'set-cookie')
          .some(({ value }) => value.startsWith('ironleaf-session=v1.'));
      },
      { message: 'the page response itself sets the new cookie', timeout: 10_000 },
    )
    .toBe(true);
  await accountPage.ready();
  await expect(accountPage.main).toContainText(signedIn.email);

  // The cookie it set is as good as the one it replaced.
  await accountPage.open();
  await expect(accountPage.main).toContainText(signedIn.email);
});

test('pages that ask the core API nothing renew nothing', async ({ signedIn, homePage, context }) => {
  expect(signedIn.email).toContain('@');
  const before = (await context.cookies()).find((cookie) => cookie.name === 'ironleaf-session')?.value;
  const expiry = Date.now() + 2_100;
  await expect.poll(() => Date.now() > expiry, { timeout: 5_000 }).toBe(true);

  await homePage.open();

  const after = (await context.cookies()).find((cookie) => cookie.name === 'ironleaf-session')?.value;
  expect(after).toBe(before);
});
