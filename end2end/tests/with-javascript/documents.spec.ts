// Every page as the server sends it, signed out and signed in. The watch looks at every document of every test in the
// same way; here each page is named, so that none is forgotten.

import { htmlProblems } from '../../fixtures/html';
import { tokenIn } from '../../fixtures/leaks';
import { signIn } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

// A script that asks for no HTML gets a plain line from an unknown address.
const AS_A_BROWSER = { headers: { Accept: 'text/html' } };

const PAGES = [
  '/',
  '/login',
  '/register',
  '/reset-password',
  '/set-password',
  '/email-verification',
  '/account',
  '/account/delete',
  '/confirm',
  '/no-such-page',
];

test('every page is valid and holds no token, for a visitor and for a person', async ({
  page,
  homePage,
  context,
  server,
  person,
}) => {
  await homePage.open();
  for (const who of ['a visitor', 'a person'] as const) {
    if (who === 'a person') await signIn(context, server, person);
    for (const path of PAGES) {
      await test.step(`${path} for ${who}`, async () => {
        const html = await (await page.request.get(path, AS_A_BROWSER)).text();
        expect(await htmlProblems(html)).toEqual([]);
        expect(tokenIn(html)).toBeUndefined();
        expect(html.match(/<h1[ >]/g), 'one heading of the first level').toHaveLength(1);
        expect(html).toMatch(/<title>[^<]*Ironleaf<\/title>/);
        expect(html).toContain('lang="en"');
      });
    }
  }
});
