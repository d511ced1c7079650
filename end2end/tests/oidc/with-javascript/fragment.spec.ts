import { atEachProvider, expect, test } from '../../../fixtures/oidc';
import { ADA } from '../../../fixtures/peer';

atEachProvider({}, () => {
  test('the fragment of the requested page survives the way to the provider', async ({
    providerLoginPage,
    provider,
    page,
  }) => {
    await page.goto('/account?from=mail#leave');
    await expect(page).toHaveURL((url) => url.pathname === '/login' && url.hash === '#leave');
    await providerLoginPage.shown();

    await providerLoginPage.continue.click();
    await provider.choose(ADA);

    await expect(page).toHaveURL('/account?from=mail#leave');
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });
});
