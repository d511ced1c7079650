import type { Page } from '@playwright/test';

import { expect, test } from '../../fixtures/test';

test('the button waits for a well-formed e-mail and a password', async ({ loginPage }) => {
  await loginPage.open();
  await expect(loginPage.login).toBeDisabled();

  await loginPage.email.fill('not an address');
  await loginPage.password.fill('password1');
  await expect(loginPage.login).toBeDisabled();

  await loginPage.email.fill('ada@example.com');
  await expect(loginPage.login).toBeEnabled();

  await loginPage.password.fill('');
  await expect(loginPage.login).toBeDisabled();
});

test('before hydration the form works as it came from the server', async ({ loginPage, person, page }) => {
  const release = await holdWasm(page);
  await page.goto('/login');
  await expect(loginPage.login).toBeEnabled();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/');
  release();
});

test('what was typed before hydration is still there after it', async ({ loginPage, person, page }) => {
  const release = await holdWasm(page);
  await page.goto('/login');
  await loginPage.email.fill(person.email);
  await loginPage.password.fill(person.password);

  release();
  await loginPage.ready();

  await expect(loginPage.email).toHaveValue(person.email);
  await expect(loginPage.password).toHaveValue(person.password);
  await expect(loginPage.login).toBeEnabled();
  await loginPage.login.click();
  await expect(page).toHaveURL('/');
});

test('wrong credentials leave the page where it is', async ({ loginPage, toasts, person, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  // Lost if the document were loaded again.
  await page.evaluate(() => document.body.setAttribute('data-same-document', ''));

  await loginPage.signIn({ ...person, password: 'not the password' });

  await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
  await expect(page.locator('body')).toHaveAttribute('data-same-document');
  await expect(loginPage.email).toHaveValue(person.email);
  // Whoever works with the keyboard goes on from where they were.
  await expect(loginPage.login).toBeFocused();
});

test('a toast leaves by itself, but not from under somebody', async ({ loginPage, toasts, person, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await page.clock.install();
  await loginPage.open();
  await loginPage.signIn({ ...person, password: 'not the password' });
  await expect(toasts.alert).toBeVisible();

  await page.keyboard.press('Alt+t');
  await expect(toasts.region).toBeFocused();
  await page.clock.fastForward('00:20');
  await page.clock.fastForward('00:20');
  await expect(toasts.alert).toBeVisible();

  await loginPage.email.focus();
  await page.clock.fastForward('00:06');
  await expect(toasts.alert).toHaveCount(0);
});

test('a toast can be reached with Alt+T and closed', async ({ loginPage, toasts, person, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  await loginPage.signIn({ ...person, password: 'not the password' });
  await expect(toasts.alert).toBeVisible();

  await page.keyboard.press('Alt+t');
  await expect(toasts.region).toBeFocused();
  await toasts.region.getByRole('button', { name: /close/i }).click();

  await expect(toasts.alert).toHaveCount(0);
});

/** Keeps the WebAssembly back until the returned function is called. */
async function holdWasm(page: Page): Promise<() => void> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    // The page that asked may be gone by now.
    await route.continue().catch(() => undefined);
  });
  return release;
}
