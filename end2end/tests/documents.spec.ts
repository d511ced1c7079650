// Every page as the server sends it, signed out and signed in. The watch looks at every document of every test in the
// same way; here each page is named, so that none is forgotten.

import { htmlProblems } from '../fixtures/html';
import { tokenIn } from '../fixtures/leaks';
import { expect, test } from '../fixtures/test';

// A script that asks for no HTML gets a plain line from an unknown address.
const AS_A_BROWSER = { headers: { Accept: 'text/html' } };

const PAGES = ['/', '/login', '/account', '/no-such-page'];

for (const path of PAGES) {
  test(`${path} is valid and holds no token, for a visitor and for a person`, async ({
    page,
    homePage,
    loginPage,
    person,
  }) => {
    await homePage.open();
    const visitors = await (await page.request.get(path, AS_A_BROWSER)).text();
    await loginPage.open();
    await loginPage.signIn(person);
    await expect(page).toHaveURL('/');
    const persons = await (await page.request.get(path, AS_A_BROWSER)).text();

    for (const html of [visitors, persons]) {
      expect(await htmlProblems(html)).toEqual([]);
      expect(tokenIn(html)).toBeUndefined();
    }
  });
}
