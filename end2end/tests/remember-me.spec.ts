// The checkbox that decides whether the session outlives the browser.

import type { BrowserContext } from '@playwright/test';

import { expect, test } from '../fixtures/test';

/** When the session's cookie ends, in seconds since 1970; -1 if it ends with the browser. */
async function endOfSession(context: BrowserContext): Promise<number | undefined> {
  return (await context.cookies()).find(({ name }) => name === 'ironleaf-session')?.expires;
}

test('the box is ticked, and the session outlives the browser', async ({ loginPage, person, page, context }) => {
  await loginPage.open();
  await expect(loginPage.rememberMe).toBeChecked();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/');
  expect(await endOfSession(context)).toBeGreaterThan(Date.now() / 1000 + 86_400);
});

test('without it, the session ends with the browser', async ({ loginPage, accountPage, person, page, context }) => {
  await loginPage.open();
  await loginPage.rememberMe.uncheck();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/');
  expect(await endOfSession(context)).toBe(-1);
  await accountPage.open();
  await expect(accountPage.heading).toBeVisible();
  expect(await endOfSession(context)).toBe(-1);
});

test('a proof of who somebody is leaves it at that', async ({ loginPage, confirmPage, person, page, context }) => {
  await loginPage.open('?return_to=/confirm');
  await loginPage.rememberMe.uncheck();
  await loginPage.signIn(person);
  await confirmPage.shown();

  await confirmPage.send(person.password);

  await expect(page).toHaveURL('/');
  expect(await endOfSession(context)).toBe(-1);
});

test('after wrong credentials the box is as it was left', async ({ loginPage, toasts, person, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  await loginPage.rememberMe.uncheck();

  await loginPage.signIn({ ...person, password: 'not the password' });

  await expect(toasts.alert).toContainText('Login failed.');
  await expect(loginPage.rememberMe).not.toBeChecked();
});

test('its label and the space bar work, too', async ({ loginPage, page }) => {
  await loginPage.open();

  await loginPage.main.getByText('Remember me', { exact: true }).click();
  await expect(loginPage.rememberMe).not.toBeChecked();

  await loginPage.rememberMe.focus();
  await page.keyboard.press('Space');
  await expect(loginPage.rememberMe).toBeChecked();
});
