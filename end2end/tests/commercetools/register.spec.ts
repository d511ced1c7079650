import { PASSWORD, expect, test } from '../../fixtures/commercetools';
import { ADA } from '../../fixtures/peer';
import { stranger } from '../../fixtures/people';

test('somebody registers and is signed in', async ({ registerPage, identityPage, toasts, page }) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person);

  await expect(toasts.region).toContainText('Welcome! Your account has been created.');
  await identityPage.open();
  await expect(identityPage.identity).toContainText(person.email);
  await expect(page).toHaveURL('/account');
});

test('a known address is refused at its field, whatever its case', async ({ registerPage, page, watch }) => {
  watch.expectRefusal('/api/register', 409);
  await registerPage.open();
  await registerPage.send({ email: ADA.email.toUpperCase(), password: PASSWORD });

  await expect(page).toHaveURL('/register');
  await expect(registerPage.email).toHaveAttribute('aria-invalid', 'true');
  await expect(registerPage.main).toContainText('A user with this email already exists');
});
