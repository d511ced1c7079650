// Access cookies that live for three seconds: what is renewed silently, and what ends a session.

import { expect, test } from '../../fixtures/cookie-api';

test.use({ serverOptions: { peer: 'nest-cookies', peerSettings: { ACCESS_TOKEN_TTL: '3' } } });

test('nobody notices that an access cookie has expired', async ({ signedInAtApi, identityPage, toasts, page, peer }) => {
  await identityPage.open();
  for (let time = 1; time <= 2; time += 1) {
    const before = await peer.refreshes();
    await peer.untilTokensExpire();

    const response = await page.reload();

    expect(response?.status()).toBe(200);
    await expect(identityPage.identity).toContainText(signedInAtApi.email);
    await expect(toasts.region).not.toContainText(/\w/);
    expect(await peer.refreshes()).toBe(before + 1);
  }
});

test('a session that the API has ended ends here, and says so once', async ({ signedInAtApi, loginPage, toasts, page, peer }) => {
  await peer.untilTokensExpire();
  await peer.revokeGrants(signedInAtApi);

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
  await expect(toasts.region).toContainText('Your session has expired, please log in again.');
  await loginPage.open('?return_to=/account');
  await expect(toasts.region).not.toContainText('Your session has expired');
});
