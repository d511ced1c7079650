// Sign-in at a Nest application with cookies.

import { PASSWORD, expect, test } from '../../fixtures/cookie-api';
import { ADA, EVA, ROLF } from '../../fixtures/peer';

test('a person signs in and comes back to where they were going', async ({ loginPage, identityPage, page }) => {
  await page.goto('/account?from=mail');
  await expect(page).toHaveURL(/\/login\?return_to=/);
  await loginPage.shown();

  await loginPage.signIn({ email: ADA.email, password: PASSWORD });

  await expect(page).toHaveURL('/account?from=mail');
  await expect(identityPage.identity).toContainText(ADA.name);
  await expect(identityPage.identity).toContainText(ADA.email);
  await expect(identityPage.roles).toHaveText(['admin', 'user']);
});

for (const [what, email, password] of [
  ['a wrong password', ADA.email, 'wrong-password'],
  ['an unknown address', 'nobody@example.org', PASSWORD],
] as const) {
  test(`${what} is refused with one message, and the address stays`, async ({ loginPage, toasts, page, watch }) => {
    watch.expectRefusal('/api/sign-in', 401);
    await loginPage.open();

    await loginPage.signIn({ email, password });

    await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
    await expect(page).toHaveURL('/login');
    await expect(loginPage.email).toHaveValue(email);
  });
}

test('whoever is not verified reads so and leaves nothing behind', async ({ loginPage, toasts, peer, watch }) => {
  watch.expectRefusal('/api/sign-in', 403);
  await loginPage.open();

  await loginPage.signIn({ email: ROLF.email, password: PASSWORD });

  await expect(toasts.alert).toContainText('your account is not verified yet');
  expect(await peer.openSessions(ROLF)).toBe(0);
});

test.describe('with roles', () => {
  test.use({ serverOptions: { peer: 'nest-cookies', settings: { SIGN_IN_ROLES: 'admin' } } });

  test('only people with a role are let in', async ({ loginPage, toasts, page, peer, watch }) => {
    watch.expectRefusal('/api/sign-in', 403);
    await loginPage.open();
    await loginPage.signIn({ email: EVA.email, password: PASSWORD });
    await expect(toasts.alert).toContainText('none of the roles');
    expect(await peer.openSessions(EVA)).toBe(0);

    await loginPage.open();
    await loginPage.signIn({ email: ADA.email, password: PASSWORD });
    await expect(page).toHaveURL('/');
  });
});

test('no cookie of the API and no token reaches the browser', async ({ signedInAtApi, identityPage, context, page, peer }) => {
  expect(signedInAtApi.email).toContain('@');
  await identityPage.open();

  const names = (await context.cookies()).map(({ name }) => name);
  expect(names).toContain('ironleaf-session');
  expect(names.filter((name) => name.endsWith('_token'))).toEqual([]);
  const html = await page.content();
  for (const { token } of await peer.issuedTokens()) expect(html).not.toContain(token);
});
