// The note that the session ends soon. The clock of the browser is moved; the session on the server goes on.

import { expect, test } from '../../fixtures/test';

const DAY_MS = 86_400_000;
/** The default of `SESSION_ABSOLUTE_TIMEOUT`. */
const SESSION_MS = 30 * DAY_MS;
const TYPED = 'typed@example.com';

test.beforeEach(async ({ page, signedIn, accountPage }) => {
  expect(signedIn.email).toContain('@');
  await page.clock.install();
  await accountPage.open();
  await accountPage.email.fill(TYPED);
});

test('a note appears two minutes before the end, and nothing before', async ({ page, sessionEnd }) => {
  await page.clock.fastForward(SESSION_MS - 150_000);
  await expect(sessionEnd.note).toBeEmpty();

  await page.clock.fastForward(40_000);

  await expect(sessionEnd.note).toContainText('Your session ends soon.');
  await expect(sessionEnd.stay).toBeVisible();
});

test('nothing that was typed is lost on the way to stay, and the note goes away', async ({
  page,
  sessionEnd,
  accountPage,
  signedIn,
  toasts,
  context,
}) => {
  const session = async () => (await context.cookies()).find(({ name }) => name === 'ironleaf-session')?.value;
  await page.clock.fastForward(SESSION_MS - 60_000);
  const before = await session();

  const opened = context.waitForEvent('page');
  await sessionEnd.stay.click();
  const tab = await opened;
  await tab.getByRole('textbox', { name: 'Password' }).fill(signedIn.password);
  await tab.getByRole('button', { name: 'Continue', exact: true }).click();

  await expect(tab).toHaveURL('/');
  await expect(tab.getByRole('region', { name: /^Notifications/ })).toContainText('You stay signed in.');
  expect(await session()).not.toBe(before);
  // The clock of a tab that is opened later stands still.
  await tab.clock.runFor(1_000);
  await expect(sessionEnd.note).toBeEmpty();
  await expect(accountPage.email).toHaveValue(TYPED);
  await tab.close();

  await accountPage.update.click();
  await expect(toasts.status).toContainText('Account updated successfully');
});

test('the note is reached with the keyboard, and hides nothing that has the focus', async ({ page, sessionEnd }) => {
  await page.setViewportSize({ width: 320, height: 480 });
  await page.clock.fastForward(SESSION_MS - 60_000);
  await expect(sessionEnd.stay).toBeVisible();

  const controls = page.getByRole('main').locator('a, button, input:not([type=hidden])').filter({ visible: true });
  for (const control of await controls.all()) {
    await control.focus();
    const box = await control.boundingBox();
    const note = await sessionEnd.note.boundingBox();
    expect(box && note && box.y + box.height <= note.y + 1, `${await control.textContent()} is in sight`).toBe(true);
  }
  await sessionEnd.stay.focus();
  await expect(sessionEnd.stay).toBeFocused();
});

test('a page that was opened shortly before the end says so at once', async ({ page, sessionEnd, accountPage }) => {
  await page.route('**/account', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/data-left="\d+"/, 'data-left="90"');
    await route.fulfill({ response, body });
  });

  await accountPage.open();

  await expect(sessionEnd.stay).toBeVisible();
});
