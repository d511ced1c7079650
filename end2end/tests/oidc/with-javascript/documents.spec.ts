// Every page as the server sends it if people sign in at a provider. The program lists the pages, so that none is missed.

import { htmlProblems } from '../../../fixtures/html';
import { tokenIn } from '../../../fixtures/leaks';
import { atEachProvider, expect, test } from '../../../fixtures/oidc';
import { ADA } from '../../../fixtures/peer';
import { ROUTES } from '../../../fixtures/routes';

// Without this header, an unknown address gets a line of plain text.
const AS_A_BROWSER = { headers: { Accept: 'text/html' } };

const PAGES = [...ROUTES.map(({ path }) => path), '/auth/callback', '/auth/signed-out', '/no-such-page'];

atEachProvider({}, () => {
  test('every page is valid and has no token, for a visitor and for a person', async ({
    homePage,
    providerLoginPage,
    provider,
    page,
  }) => {
    await homePage.open();
    for (const who of ['a visitor', 'a person'] as const) {
      if (who === 'a person') {
        await providerLoginPage.open();
        await providerLoginPage.continue.click();
        await provider.choose(ADA);
        await expect(page).toHaveURL('/');
      }
      for (const path of PAGES) {
        await test.step(`${path} for ${who}`, async () => {
          const answer = await page.request.get(path, AS_A_BROWSER);
          const html = await answer.text();
          expect(answer.status()).toBeLessThan(500);
          expect(await htmlProblems(html)).toEqual([]);
          expect(tokenIn(html)).toBeUndefined();
          expect(html.match(/<h1[ >]/g), 'one heading of the first level').toHaveLength(1);
          expect(html).toMatch(/<title>[^<]*Ironleaf<\/title>/);
          expect(html).toContain('lang="en"');
        });
      }
    }
  });

  test('no page needs WebAssembly, because none has a field', async ({
    providerLoginPage,
    providerConfirmPage,
    callbackPage,
    identityPage,
    signedInThere,
    context,
    page,
    server,
    watch,
  }) => {
    expect(signedInThere.email).toContain('@');
    watch.expectRefusal('/auth/callback', 400);
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(new URL(request.url()).pathname));

    await identityPage.open();
    await providerConfirmPage.open('?return_to=/account');
    await callbackPage.open();
    await context.clearCookies({ domain: new URL(server.origin).hostname });
    await providerLoginPage.open();

    expect(loaded).toContain('/login');
    expect(loaded.filter((path) => path.endsWith('.wasm'))).toEqual([]);
  });
});
