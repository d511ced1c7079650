// Registration at a Nest application with cookies.

import { expect, test } from '../../fixtures/cookie-api';
import { ADA } from '../../fixtures/peer';
import { stranger } from '../../fixtures/people';

test.describe('where the API has a registration', () => {
  test.use({ serverOptions: { peer: 'nest-cookies', settings: { COOKIE_API_REGISTER_PATH: '/auth/register' } } });

  test('somebody registers and is signed in', async ({ registerPage, loginPage, identityPage, toasts, page, peer }) => {
    const person = stranger();
    await loginPage.open();
    await loginPage.signUp.click();
    await expect(registerPage.heading).toBeVisible();
    await registerPage.ready();
    await registerPage.send(person);

    await expect(toasts.region).toContainText('Your account has been created.');
    await expect(page).toHaveURL('/');
    await identityPage.open();
    await expect(identityPage.identity).toContainText(person.email);
    expect(await peer.openSessions({ sub: person.email })).toBe(1);
  });

  test('a known address is refused at its field, and stays filled in', async ({ registerPage, page, peer, watch }) => {
    watch.expectRefusal('/api/register', 409);
    await registerPage.open();
    await registerPage.send({ ...ADA, password: 'another password' });

    await expect(page).toHaveURL('/register');
    await expect(registerPage.email).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByText('A user with this email already exists')).toBeVisible();
    await expect(registerPage.email).toHaveValue(ADA.email);
    expect(await peer.openSessions(ADA)).toBe(0);
  });

  test('a password that the API refuses is marked', async ({ registerPage, page, watch }) => {
    watch.expectRefusal('/api/register', 422);
    await registerPage.open();
    await registerPage.send({ ...stranger(), password: 'long '.repeat(14) });

    await expect(page).toHaveURL('/register');
    await expect(registerPage.password).toHaveAttribute('aria-invalid', 'true');
  });
});

test('without it there is no page and no link', async ({ loginPage, page, watch }) => {
  watch.expectRefusal('/register', 404);
  await loginPage.open();
  await expect(loginPage.signUp).toHaveCount(0);
  const answer = await page.goto('/register');
  expect(answer?.status()).toBe(404);
});
