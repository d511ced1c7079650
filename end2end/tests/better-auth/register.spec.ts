import { ADA, expect, test } from '../../fixtures/better-auth';
import { stranger } from '../../fixtures/people';

test('somebody registers and is signed in', async ({ registerPage, identityPage, toasts, page, peer }) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person);

  await expect(toasts.region).toContainText('Welcome! Your account has been created.');
  await identityPage.open();
  await expect(identityPage.identity).toContainText(person.email.split('@')[0] ?? '');
  await expect(page).toHaveURL('/account');
  expect(await peer.ownSessions(person)).toBe(1);
});

test('a known address is refused at its field', async ({ registerPage, page, watch }) => {
  watch.expectRefusal('/api/register', 409);
  await registerPage.open();
  await registerPage.send({ ...ADA, password: 'another password' });

  await expect(page).toHaveURL('/register');
  await expect(registerPage.email).toHaveAttribute('aria-invalid', 'true');
});

test.describe('where the auth server hides who is registered', () => {
  test.use({ serverOptions: { peer: 'better-auth', peerSettings: { EMAIL_VERIFICATION: 'required' } } });

  test('a new and a known address read the same', async ({ registerPage, toasts, page }) => {
    for (const person of [stranger(), { ...ADA, password: 'another password' }]) {
      await registerPage.open();
      await registerPage.send(person);

      await expect(page).toHaveURL('/login');
      await expect(toasts.region).toContainText('If this address had no account, it has one now.');
    }
  });
});
