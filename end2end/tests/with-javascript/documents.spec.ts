// Every page as the server sends it, signed out and signed in. The watch checks every document of every test in the
// same way. Here, the program lists the pages, so that none is missed.

import { htmlProblems } from '../../fixtures/html';
import { tokenIn } from '../../fixtures/leaks';
import { signIn } from '../../fixtures/people';
import { ROUTES } from '../../fixtures/routes';
import { expect, test } from '../../fixtures/test';

// Without this header, an unknown address gets a line of plain text.
const AS_A_BROWSER = { headers: { Accept: 'text/html' } };

const PAGES = [...ROUTES.map(({ path }) => path), '/no-such-page'];

test('every page is valid and has no token, for a visitor and for a person', async ({
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
