// German for whoever asks for it, and the choice in the foot of every page.

import type { Locator, Page } from '@playwright/test';

import { accessibilityProblems } from '../fixtures/accessibility';
import { htmlProblems } from '../fixtures/html';
import { signIn, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test.use({ locale: 'de-DE' });

/** The buttons in the foot of every page. */
const choice = (page: Page, group: string, language: string): Locator =>
  page.getByRole('contentinfo').getByRole('navigation', { name: group, exact: true }).getByRole('button', {
    name: language,
    exact: true,
  });

const field = (page: Page, name: string): Locator => page.getByRole('main').getByLabel(name, { exact: true });

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('main').getByRole('button', { name, exact: true }).click();

const open = async (page: Page, path: string, scripted: boolean | undefined): Promise<void> => {
  await page.goto(path);
  if (scripted) await expect(page.locator('html')).toHaveAttribute('data-hydrated');
};

test('a German browser gets German, and English once its person has chosen it', async ({
  page,
  javaScriptEnabled,
}) => {
  await open(page, '/login', javaScriptEnabled);
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Melden Sie sich an');
  await expect(page).toHaveTitle('Anmelden · Ironleaf');
  await expect(choice(page, 'Sprache', 'Deutsch')).toHaveAttribute('aria-current', 'true');

  await choice(page, 'Sprache', 'English').click();

  await expect(page).toHaveURL('/login');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Login to your account');
  await expect(choice(page, 'Language', 'English')).toHaveAttribute('aria-current', 'true');
  await open(page, '/', javaScriptEnabled);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Build something great.');

  await choice(page, 'Language', 'Deutsch').click();

  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bauen Sie etwas Großartiges.');
});

test('the errors of a form are German, and what was typed stays', async ({ page, javaScriptEnabled }) => {
  const person = stranger();
  await open(page, '/register', javaScriptEnabled);
  await field(page, 'E-Mail-Adresse').fill(person.email);
  await field(page, 'Passwort').fill('kurz');
  await field(page, 'Passwort bestätigen').fill('anders');

  await press(page, 'Registrieren');

  await expect(field(page, 'Passwort')).toHaveAccessibleDescription('Das Passwort muss mindestens 8 Zeichen haben');
  await expect(field(page, 'Passwort bestätigen')).toHaveAccessibleDescription(
    'Die Passwörter müssen übereinstimmen',
  );
  await expect(field(page, 'E-Mail-Adresse')).toHaveValue(person.email);
  if (javaScriptEnabled) {
    await expect(page.getByRole('button', { name: 'Anzeigen (Passwort)', exact: true })).toBeVisible();
    expect(await accessibilityProblems(page)).toEqual([]);
  }
});

test('a message is German, also after a change', async ({
  page,
  context,
  server,
  person,
  watch,
  javaScriptEnabled,
}) => {
  await open(page, '/login', javaScriptEnabled);
  await field(page, 'E-Mail-Adresse').fill(person.email);
  await field(page, 'Passwort').fill('falsches Passwort');
  watch.expectRefusal('/api/sign-in', 401);
  await press(page, 'Anmelden');
  await expect(page.getByRole('alert')).toContainText('Anmeldung fehlgeschlagen. Bitte prüfen Sie Ihre Zugangsdaten.');
  if (javaScriptEnabled) {
    await expect(page.getByRole('button', { name: 'Benachrichtigung schließen', exact: true })).toBeVisible();
  }

  await signIn(context, server, person);
  await open(page, '/account', javaScriptEnabled);
  await field(page, 'E-Mail-Adresse').fill(stranger().email);
  await press(page, 'Speichern');

  await expect(page.getByRole('status').filter({ hasText: 'Ihr Konto wurde geändert' })).toBeVisible();
});

test('every German page is valid and accessible', async ({
  page,
  context,
  server,
  person,
  watch,
  javaScriptEnabled,
}) => {
  const paths = {
    'a visitor': ['/', '/login', '/register', '/reset-password', '/no-such-page'],
    'a person': ['/', '/account', '/set-password', '/account/delete', '/confirm'],
  };
  watch.expectRefusal('/no-such-page', 404);
  for (const who of ['a visitor', 'a person'] as const) {
    if (who === 'a person') await signIn(context, server, person);
    for (const path of paths[who]) {
      await test.step(`${path} for ${who}`, async () => {
        const answer = await page.request.get(path, { headers: { accept: 'text/html', 'accept-language': 'de' } });
        expect(answer.headers()['content-language']).toBe('de');
        expect(await htmlProblems(await answer.text())).toEqual([]);
        await open(page, path, javaScriptEnabled);
        if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
      });
    }
  }
});
