// Signing out: here first, then at the provider, and back.

import { ADA } from '../../fixtures/peer';
import { atEachProvider, expect, nextRequest, stayHere, test } from '../../fixtures/oidc';

const SIGNED_OUT = 'You have been logged out.';

atEachProvider({}, () => {
  test('signing out ends the session here and at the provider, and says so', async ({
    signedInThere,
    header,
    provider,
    providerLoginPage,
    toasts,
    context,
    page,
    server,
  }) => {
    expect(signedInThere.email).toContain('@');

    await header.pressLogout();
    await provider.agreeToSignOut();

    await expect(page).toHaveURL('/');
    await expect(toasts.status).toContainText(SIGNED_OUT);
    await expect(header.login).toBeVisible();
    expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
    // The provider has forgotten the person, too.
    await header.ready();
    await header.login.click();
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();
  });

  test('the message is shown once', async ({ signedInThere, header, provider, homePage, toasts }) => {
    expect(signedInThere.email).toContain('@');
    await header.pressLogout();
    await provider.agreeToSignOut();
    await expect(toasts.status).toContainText(SIGNED_OUT);

    await homePage.open();

    await expect(toasts.status).toHaveCount(0);
  });

  test('the session here is over although the provider is never reached', async ({
    signedInThere,
    header,
    onwardPage,
    context,
    page,
    peer,
    server,
  }) => {
    expect(signedInThere.email).toContain('@');
    const session = (await context.cookies(server.origin)).find(({ name }) => name === 'ironleaf-session');
    if (!session) throw new Error('there is no session cookie');
    await stayHere(page, peer);

    await header.pressLogout();
    await onwardPage.shown();

    expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
    // A copy of the cookie is worth nothing.
    await context.addCookies([session]);
    const tab = await context.newPage();
    await tab.goto('/account');
    await expect(tab).toHaveURL('/login?return_to=/account');
  });

  test('the back button shows no private page after signing out', async ({
    signedInThere,
    identityPage,
    header,
    provider,
    history,
    page,
  }) => {
    await identityPage.open();
    await header.pressLogout();
    await provider.agreeToSignOut();
    await expect(header.login).toBeVisible();

    await history.goBackTo('/account');

    await expect(page).toHaveURL('/login?return_to=/account');
    await expect(page.getByText(signedInThere.email)).toHaveCount(0);
    await expect(page.getByText(signedInThere.name)).toHaveCount(0);
  });

  test('another tab notices with the next page it asks for', async ({
    signedInThere,
    identityPage,
    header,
    provider,
    context,
  }) => {
    expect(signedInThere.email).toContain('@');
    await identityPage.open();
    const tab = await context.newPage();
    await tab.goto('/account');
    await expect(tab).toHaveURL('/account');

    await header.pressLogout();
    await provider.agreeToSignOut();
    await expect(header.login).toBeVisible();
    await tab.goto('/account');

    await expect(tab).toHaveURL('/login?return_to=/account');
  });

  test('the address of the way back says nothing to others and changes nothing', async ({
    signedInThere,
    header,
    toasts,
    page,
  }) => {
    expect(signedInThere.email).toContain('@');

    await page.goto('/auth/signed-out?state=made-up');

    await expect(page).toHaveURL('/');
    await expect(toasts.status).toHaveCount(0);
    await expect(header.accountMenu.button).toBeVisible();
  });

  test('after confirming who they are, a person can still sign out', async ({
    signedInThere,
    providerConfirmPage,
    provider,
    identityPage,
    header,
    toasts,
    page,
  }) => {
    // At some providers this is another session, and a sign-out of the first one stops there.
    await providerConfirmPage.open('?return_to=/account');
    await providerConfirmPage.continue.click();
    await provider.choose(signedInThere);
    await expect(page).toHaveURL('/account');
    await identityPage.shown();

    await header.pressLogout();
    await provider.agreeToSignOut();

    await expect(page).toHaveURL('/');
    await expect(toasts.status).toContainText(SIGNED_OUT);
  });

  test('without a mouse', async ({
    signedInThere,
    header,
    provider,
    keyboard,
    toasts,
    page,
    peer,
    javaScriptEnabled,
  }) => {
    expect(signedInThere.email).toContain('@');
    // Without scripts, a menu is a list of buttons, and Tab moves through it.
    const next = javaScriptEnabled ? 'ArrowDown' : 'Tab';
    await keyboard.press(header.accountMenu.button);
    await expect(header.accountMenu.menu).toBeVisible();
    for (let step = 0; step < 3; step += 1) {
      if (await header.accountMenu.item('Logout').evaluate((item) => item === document.activeElement)) break;
      await page.keyboard.press(next);
    }
    await expect(header.accountMenu.item('Logout')).toBeFocused();
    await page.keyboard.press('Enter');
    if (peer.kind === 'oidc-provider') await keyboard.press(provider.signOut);

    await expect(page).toHaveURL('/');
    await expect(toasts.status).toContainText(SIGNED_OUT);
  });

  test('the provider learns whose session ends, and where to send the browser back to', async ({
    signedInThere,
    header,
    provider,
    page,
    peer,
    server,
  }) => {
    expect(signedInThere.email).toContain('@');
    const path = peer.kind === 'oidc-provider' ? '/session/end' : '/api/auth/oauth2/end-session';
    const asked = nextRequest(page, path);

    await header.pressLogout();

    const sent = new URL((await asked).url()).searchParams;
    const idTokens = (await peer.issuedTokens()).filter(({ kind }) => kind === 'id_token');
    expect(sent.get('id_token_hint')).toBe(idTokens.at(-1)?.token);
    expect(sent.get('client_id')).toBe('ironleaf');
    expect(sent.get('post_logout_redirect_uri')).toBe(`${server.origin}/auth/signed-out`);
    expect(sent.get('state')).toMatch(/^[\w-]{20,}$/);
    await provider.agreeToSignOut();
    await expect(page).toHaveURL('/');
  });
});

test.describe('at oidc-provider, which asks first', () => {
  test('somebody who stays signed in there is signed out here', async ({ signedInThere, header, toasts, page }) => {
    expect(signedInThere.email).toContain('@');
    await header.pressLogout();

    await page.getByRole('button', { name: 'Stay signed in', exact: true }).click();

    await expect(page).toHaveURL('/');
    await expect(header.login).toBeVisible();
    await expect(toasts.status).toContainText(SIGNED_OUT);
  });

  test('somebody who leaves while it asks is signed out here', async ({ signedInThere, header, provider, page }) => {
    expect(signedInThere.email).toContain('@');
    await header.pressLogout();
    await expect(provider.signOut).toBeVisible();

    await page.goto('/');

    await expect(header.login).toBeVisible();
  });
});
