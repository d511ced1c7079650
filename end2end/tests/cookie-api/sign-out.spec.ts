// Signing out here and at the API.

import { expect, test } from '../../fixtures/cookie-api';

test('signing out ends the session here and there, and says so', async ({ signedInAtApi, header, toasts, context, page, peer, server }) => {
  const before = await peer.openSessions(signedInAtApi);

  await header.pressLogout();

  await expect(page).toHaveURL('/');
  await expect(toasts.status).toContainText('You have been logged out.');
  await expect(header.login).toBeVisible();
  expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
  await expect.poll(() => peer.openSessions(signedInAtApi)).toBeLessThan(before);
});

test.describe('after the access cookie has ended', () => {
  test.use({ serverOptions: { peer: 'nest-cookies', peerSettings: { ACCESS_TOKEN_TTL: '3' } } });

  test('it is renewed, so that the API accepts the sign-out', async ({ signedInAtApi, header, page, peer }) => {
    const before = await peer.openSessions(signedInAtApi);
    await peer.untilTokensExpire();

    await header.pressLogout();

    await expect(page).toHaveURL('/');
    await expect.poll(() => peer.openSessions(signedInAtApi)).toBeLessThan(before);
  });
});
