// Sign-in by a redirect to the provider, and what can happen on the way.

import { CallbackPage } from '../../pages/callback';
import { ProviderPages } from '../../pages/provider';
import { ProviderLoginPage } from '../../pages/provider-login';
import { atEachProvider, callbackOf, expect, nextRequest, stayHere, stopBeforeCallback, test } from '../../fixtures/oidc';
import { ADA, PROVIDER_NAME } from '../../fixtures/peer';

atEachProvider({}, () => {
  test('the login page offers the provider and asks for nothing', async ({ providerLoginPage, header, page }) => {
    await providerLoginPage.open();

    await expect(page).toHaveTitle('Login · Ironleaf');
    await expect(providerLoginPage.heading).toBeVisible();
    await expect(providerLoginPage.continue).toBeVisible();
    await expect(page.getByRole('textbox')).toHaveCount(0);
    await expect(providerLoginPage.main.getByRole('button')).toHaveCount(1);
    await expect(providerLoginPage.main.getByRole('link')).toHaveCount(0);
    await expect(header.logo).toBeVisible();
    await expect(header.login).toHaveCount(0);
  });

  test('a person signs in at the provider and is at home', async ({ providerLoginPage, provider, header, page, peer }) => {
    await providerLoginPage.open();

    await providerLoginPage.continue.click();
    await expect(page).toHaveURL((url) => url.origin === peer.origin);
    await provider.choose(ADA);

    await expect(page).toHaveURL('/');
    await header.accountMenu.open();
    await expect(header.accountMenu.menu).toContainText(ADA.email);
  });

  test('a visitor is sent to the provider from a deep link and comes back to it', async ({
    providerLoginPage,
    provider,
    identityPage,
    page,
  }) => {
    await page.goto('/account?from=mail');
    await expect(page).toHaveURL(/\/login\?return_to=/);
    await providerLoginPage.shown();

    await providerLoginPage.continue.click();
    await provider.choose(ADA);

    await expect(page).toHaveURL('/account?from=mail');
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  for (const elsewhere of ['//evil.example', '/\\evil.example', 'https:evil.example']) {
    test(`nobody is sent away to ${elsewhere}`, async ({ providerLoginPage, provider, page }) => {
      await providerLoginPage.open(`?return_to=${elsewhere}`);

      await providerLoginPage.continue.click();
      await provider.choose(ADA);

      await expect(page).toHaveURL('/');
    });
  }

  test('the session is one cookie that scripts cannot read, and the attempt leaves none', async ({
    signedInThere,
    context,
    server,
  }) => {
    expect(signedInThere.email).toContain('@');
    const ours = await context.cookies(server.origin);

    const sessions = ours.filter(({ name }) => name.includes('session'));
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({ name: 'ironleaf-session', httpOnly: true, sameSite: 'Lax', path: '/' });
    expect(ours.filter(({ name }) => name.startsWith('ironleaf-redirect'))).toEqual([]);
  });

  test('a person who is signed in is not asked to log in', async ({ signedInThere, homePage, page }) => {
    expect(signedInThere.email).toContain('@');

    await page.goto('/login');

    await expect(page).toHaveURL('/');
    await homePage.shown();
  });

  test('another browser tab that the provider knows already is signed in without a question', async ({
    signedInThere,
    providerLoginPage,
    identityPage,
    context,
    server,
    page,
  }) => {
    expect(signedInThere.email).toContain('@');
    await context.clearCookies({ domain: new URL(server.origin).hostname });
    await providerLoginPage.open('?return_to=/account');

    await providerLoginPage.continue.click();

    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  test('without a mouse', async ({ providerLoginPage, provider, header, keyboard, page }) => {
    await page.goto('/');
    await keyboard.press(header.login);
    await providerLoginPage.shown();

    await keyboard.press(providerLoginPage.continue);
    await keyboard.press(provider.person(ADA));

    await expect(page).toHaveURL('/');
    await expect(header.accountMenu.button).toBeVisible();
  });

  test('the page on the way to the provider has a link for browsers that do not leave by themselves', async ({
    providerLoginPage,
    onwardPage,
    keyboard,
    page,
    peer,
  }) => {
    await stayHere(page, peer);
    await providerLoginPage.open();

    await providerLoginPage.continue.click();

    await onwardPage.shown();
    await expect(onwardPage.main).toContainText(PROVIDER_NAME);
    await keyboard.reach(onwardPage.continue);
    await page.unroute(`${peer.origin}/**`);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL((url) => url.origin === peer.origin);
  });

  test('a person who goes back from the provider can press the button again', async ({
    providerLoginPage,
    provider,
    history,
    page,
  }) => {
    await providerLoginPage.open();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();

    await history.goBackTo('/login');
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    await provider.choose(ADA);

    await expect(page).toHaveURL('/');
  });

  test('the back button does not stop at the page on the way', async ({ providerLoginPage, provider, history, page }) => {
    await providerLoginPage.open();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();

    await page.goBack();

    await expect(page).toHaveURL('/login');
    expect(await history.pathsBefore()).not.toContain('/api/sign-in-with-provider');
  });

  test('two clicks on the button are one sign-in', async ({ providerLoginPage, provider, page }) => {
    await providerLoginPage.open('?return_to=/account');

    await providerLoginPage.continue.dblclick();
    await provider.choose(ADA);

    await expect(page).toHaveURL('/account');
  });

  test('ten attempts that nobody ends leave no pile of cookies, and the next one works', async ({
    providerLoginPage,
    provider,
    context,
    server,
    page,
  }) => {
    const attempts = async () =>
      (await context.cookies(server.origin)).filter(({ name }) => name.startsWith('ironleaf-redirect'));
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await providerLoginPage.open();
      await providerLoginPage.continue.click();
      await expect(provider.person(ADA)).toBeVisible();
    }
    expect((await attempts()).length).toBeGreaterThan(0);
    expect((await attempts()).length).toBeLessThanOrEqual(4);

    await provider.choose(ADA);

    await expect(page).toHaveURL('/');
  });

  test('two tabs sign in at once, and both come back to where they were', async ({
    providerLoginPage,
    provider,
    identityPage,
    context,
    page,
    peer,
    javaScriptEnabled,
  }) => {
    const tab = await context.newPage();
    const login = new ProviderLoginPage(tab, javaScriptEnabled, PROVIDER_NAME);
    const there = new ProviderPages(tab, peer);
    await providerLoginPage.open('?return_to=/account');
    await login.open();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();
    await login.continue.click();
    await expect(there.person(ADA)).toBeVisible();

    await there.choose(ADA);
    await expect(tab).toHaveURL('/');
    await provider.choose(ADA);

    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
    await tab.goto('/account');
    await expect(tab).toHaveURL('/account');
  });

  test('somebody who cancels at the provider reads so, and can try again', async ({
    providerLoginPage,
    provider,
    callbackPage,
    identityPage,
    context,
    server,
    page,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 403);
    await providerLoginPage.open('?return_to=/account');
    await providerLoginPage.continue.click();

    await provider.cancel.click();

    await callbackPage.shown();
    await expect(page).toHaveURL(/\/auth\/callback\?/);
    await expect(callbackPage.heading).toHaveText('You were not logged in');
    await expect(callbackPage.main).toContainText(PROVIDER_NAME);
    // Nothing of the address is on the page.
    await expect(page.getByText(/access_denied|The person cancelled/)).toHaveCount(0);
    expect((await context.cookies(server.origin)).map(({ name }) => name)).not.toContain('ironleaf-session');
    await callbackPage.tryAgain.click();
    await expect(page).toHaveURL(/\/login\?return_to=/);
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    await provider.choose(ADA);
    await expect(page).toHaveURL('/account');
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  test('the back button onto the callback of an earlier attempt signs nobody out', async ({
    providerLoginPage,
    provider,
    callbackPage,
    header,
    history,
    page,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 400, 403);
    await providerLoginPage.open();
    await providerLoginPage.continue.click();
    await provider.cancel.click();
    await callbackPage.shown();
    await callbackPage.tryAgain.click();
    await providerLoginPage.shown();
    await providerLoginPage.continue.click();
    await provider.choose(ADA);
    await expect(header.accountMenu.button).toBeVisible();

    await history.goBackTo('/auth/callback');

    await expect(callbackPage.heading).toHaveText('This login is over');
    await expect(callbackPage.main).toContainText(ADA.email);
    await callbackPage.ready();
    await callbackPage.goOn.click();
    await expect(page).toHaveURL('/');
    await expect(header.accountMenu.button).toBeVisible();
  });

  test('the address of a callback opened again signs nobody out', async ({
    providerLoginPage,
    provider,
    callbackPage,
    identityPage,
    page,
    watch,
  }) => {
    watch.expectRefusal('/auth/callback', 400);
    await providerLoginPage.open();
    await providerLoginPage.continue.click();
    const callback = await callbackOf(page, () => provider.choose(ADA));
    await expect(page).toHaveURL('/');

    await page.goto(callback);

    await expect(callbackPage.heading).toHaveText('This login is over');
    await identityPage.open();
    await expect(identityPage.identity).toContainText(ADA.email);
  });

  test('a callback in a browser that did not ask for it signs nobody in', async ({
    providerLoginPage,
    provider,
    header,
    browser,
    server,
    page,
    watch,
    javaScriptEnabled,
  }) => {
    watch.expectRefusal('/auth/callback', 400);
    await providerLoginPage.open();
    await providerLoginPage.continue.click();
    await expect(provider.person(ADA)).toBeVisible();
    const callback = await stopBeforeCallback(page, provider.person(ADA));
    const elsewhere = await browser.newContext({ baseURL: server.origin, javaScriptEnabled });
    const theirs = await elsewhere.newPage();

    await theirs.goto(callback);

    await expect(new CallbackPage(theirs, Boolean(javaScriptEnabled)).heading).toHaveText('This login is over');
    await theirs.goto('/account');
    await expect(theirs).toHaveURL('/login?return_to=/account');
    await elsewhere.close();
    // Where it was asked for, it is still good.
    await page.goto(callback);
    await expect(page).toHaveURL('/');
    await expect(header.accountMenu.button).toBeVisible();
  });

  test('a sign-in needs one page of ours between the two sites', async ({ providerLoginPage, provider, page, server }) => {
    const documents: string[] = [];
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (request.isNavigationRequest() && origin === server.origin) documents.push(`${request.method()} ${pathname}`);
    });
    await providerLoginPage.open();

    await providerLoginPage.continue.click();
    const back = nextRequest(page, '/');
    await provider.choose(ADA);
    await back;

    expect(documents).toEqual(['GET /login', 'POST /api/sign-in-with-provider', 'GET /auth/callback', 'GET /']);
  });
});
