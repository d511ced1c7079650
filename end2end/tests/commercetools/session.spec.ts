// A commercetools project: sign-in, expiry and sign-out.

import { EVA_AS_STORED, PASSWORD, expect, test } from '../../fixtures/commercetools';
import { ADA } from '../../fixtures/peer';
import { signIn } from '../../fixtures/people';

test('a person signs in, sees who they are, and leaves', async ({ signedInThere, identityPage, header, page }) => {
  await identityPage.open();
  await expect(identityPage.identity).toContainText(signedInThere.email);
  await expect(identityPage.identity).toContainText(signedInThere.name);
  await expect(identityPage.main.getByRole('textbox')).toHaveCount(0);

  await header.signOut();

  await expect(page).toHaveURL('/');
  await expect(header.login).toBeVisible();
});

test('the login page leads to no page that is not there', async ({ loginPage, page, watch }) => {
  await loginPage.open();
  await expect(loginPage.email).toBeVisible();
  await expect(loginPage.signUp).toBeVisible();
  await expect(loginPage.forgotPassword).toHaveCount(0);

  watch.expectRefusal('/reset-password', 404);
  const response = await page.goto('/reset-password');
  expect(response?.status()).toBe(404);
});

test('an address is sent as it is typed', async ({ loginPage, page }) => {
  await loginPage.open();
  await loginPage.signIn({ email: EVA_AS_STORED, password: PASSWORD });
  await expect(page).toHaveURL('/');
});

test.describe('with access tokens that live for three seconds', () => {
  test.use({ serverOptions: { peer: 'commercetools-mock', peerSettings: { ACCESS_TOKEN_TTL: '3' } } });

  test('nobody notices that one has expired', async ({ signedInThere, identityPage, page, peer }) => {
    await identityPage.open();
    const before = await peer.refreshes();
    await peer.untilTokensExpire();

    const response = await page.reload();

    expect(response?.status()).toBe(200);
    await expect(identityPage.identity).toContainText(signedInThere.email);
    expect(await peer.refreshes()).toBe(before + 1);
  });

  test('tokens that were revoked end the session, which says so', async ({ signedInThere, toasts, page, peer }) => {
    expect(signedInThere.email).toContain('@');
    await peer.revokeGrants({ ...ADA, sub: 'c-ada' });
    await peer.untilTokensExpire();

    await page.goto('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    const reason = 'Your session has expired, please log in again.';
    await expect(toasts.region).toContainText(reason);
    // It is said once, and nothing is left of the session.
    expect((await page.context().cookies()).filter(({ name }) => name.includes('session'))).toEqual([]);
    await page.goto('/account');
    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(page.locator('body')).not.toContainText(reason);
  });

  test('a slow answer about the end does not undo a sign-in in another tab', async ({ signedInThere, context, page, peer, server }) => {
    await peer.revokeGrants({ ...ADA, sub: 'c-ada' });
    await peer.untilTokensExpire();
    const stale = await context.cookies();
    const session = stale.find(({ name }) => name.includes('session'))?.name;
    const other = await context.newPage();
    await signIn(context, server, { email: signedInThere.email, password: PASSWORD });

    // What the first tab asked for before, with the cookies of that time.
    const cookie = stale.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(`${server.origin}/account`, { headers: { cookie }, redirect: 'manual' });

    expect(answer.headers.get('location')).toBe('/login?return_to=/account');
    expect(answer.headers.getSetCookie().filter((line) => line.startsWith(`${session}=`))).toEqual([]);
    await other.goto('/account');
    await expect(other.getByRole('main')).toContainText(signedInThere.email);
    await page.goto('/account');
    await expect(page).toHaveURL('/account');
  });
});
