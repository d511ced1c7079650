// A front end of static files behind Ironleaf, and its own API, which wants an access token: `examples/static-front-end`.

import { readFileSync } from 'node:fs';

import type { Page } from '@playwright/test';

import { endSessions, postForm, signIn, untilTokensExpire } from '../../fixtures/people';
import { SHORT_LIVED_TOKENS } from '../../fixtures/server';
import { StaticFrontEnd, routesTo } from '../../fixtures/static-front-end';
import { test as base, expect, plainTest } from '../../fixtures/test';
import { LoginPage } from '../../pages/login';
import { NotesPage } from '../../pages/notes';

interface Fixtures {
  frontEnd: StaticFrontEnd;
  notesPage: NotesPage;
}

const test = base.extend<Fixtures>({
  frontEnd: async ({ server }, use) => {
    const frontEnd = await StaticFrontEnd.start(server);
    await use(frontEnd);
    await frontEnd.stop();
  },
  notesPage: async ({ page, frontEnd }, use) => use(new NotesPage(page, frontEnd.origin)),
});

test.use({ serverOptions: SHORT_LIVED_TOKENS });

/** The headers of every request that the page sends from here on, by their paths. */
function sent(page: Page): Map<string, Record<string, string>> {
  const requests = new Map<string, Record<string, string>>();
  page.on('request', (request) => requests.set(new URL(request.url()).pathname, request.headers()));
  return requests;
}

test('a visitor signs in and comes back to the front end', async ({ page, notesPage, person }) => {
  await notesPage.open();
  await expect(notesPage.message).toHaveText('Sign in to see your notes.');
  await expect(notesPage.text).toBeHidden();

  await notesPage.signIn.click();
  const loginPage = new LoginPage(page, true);
  await loginPage.ready();
  await loginPage.signIn(person);

  await expect(page).toHaveURL(notesPage.url);
  await expect(page.getByText(person.email)).toBeVisible();
  await expect(notesPage.message).toHaveText('There are no notes yet.');
});

test('the API knows the person although the page has no token', async ({ page, context, server, notesPage, person }) => {
  await signIn(context, server, person);
  const requests = sent(page);
  await notesPage.open();
  await notesPage.addNote('water the plants');
  await expect(notesPage.notes).toContainText(['water the plants']);
  expect(requests.get('/api/notes/')).not.toHaveProperty('authorization');

  // The token is renewed on the way, and the page does not notice.
  await untilTokensExpire(server, person);
  await notesPage.addNote('feed the cat');
  await expect(notesPage.notes).toHaveCount(2);
  await page.getByRole('button', { name: 'Delete water the plants' }).click();
  await expect(notesPage.notes).toHaveText([/feed the cat/]);
});

test('a session that ends elsewhere leads to the sign-in and back, and nothing that was typed is lost', async ({
  page,
  context,
  server,
  notesPage,
  person,
  watch,
}) => {
  watch.expectRefusal('/api/notes/', 401);
  await signIn(context, server, person);
  await notesPage.open();
  await endSessions(server, person);

  await notesPage.addNote('water the plants');

  const loginPage = new LoginPage(page, true);
  await expect(page).toHaveURL(/\/login\?return_to=/);
  await loginPage.ready();
  await loginPage.signIn(person);
  await expect(page).toHaveURL(notesPage.url);
  await expect(notesPage.text).toHaveValue('water the plants');
  await notesPage.add.click();
  await expect(notesPage.notes).toContainText(['water the plants']);
});

test('a sign-out in another tab shows when this one is looked at again', async ({ page, context, server, notesPage, person }) => {
  await signIn(context, server, person);
  await notesPage.open();
  await notesPage.addNote('water the plants');
  await expect(notesPage.notes).toHaveCount(1);

  await postForm(context, server, '/api/sign-out', {});
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));

  await expect(notesPage.message).toHaveText('Sign in to see your notes.');
  await expect(notesPage.notes).toHaveCount(0);
});

test('a script signs the person out', async ({ page, context, server, frontEnd, notesPage, person }) => {
  await signIn(context, server, person);
  await notesPage.open();

  await notesPage.signOut.click();

  await expect(page).toHaveURL(`${frontEnd.origin}/`);
  await notesPage.open();
  await expect(notesPage.signIn).toBeVisible();
});

plainTest('the README starts what this test starts', () => {
  const readme = readFileSync(new URL('../../../examples/static-front-end/README.md', import.meta.url), 'utf8');
  expect(readme.replaceAll('\\\n', '').replace(/\s+/g, ' ')).toContain(routesTo('http://127.0.0.1:4000'));
});
