import { VERIFY } from '../fixtures/mailbox';
import { ADMIN, canSignIn, register, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('the account page shows whose it is', async ({ signedIn, accountPage, page }) => {
  const response = await accountPage.open();

  expect(response.status()).toBe(200);
  expect(response.headers()['cache-control']).toContain('no-store');
  await expect(page).toHaveTitle('Account · Ironleaf');
  await expect(accountPage.heading).toBeVisible();
  await expect(accountPage.main.getByRole('heading', { name: 'Manage your account settings and set e-mail preferences.' })).toBeVisible();
  await expect(accountPage.email).toHaveValue(signedIn.email);
  for (const password of [accountPage.password, accountPage.confirmPassword]) {
    await expect(password).toHaveAttribute('type', 'password');
    await expect(password).toHaveValue('');
  }
  await expect(accountPage.unverified).toBeVisible();
});

test('the breadcrumb leads home', async ({ signedIn, accountPage, page }) => {
  expect(signedIn.email).toContain('@');
  await accountPage.open();
  await expect(accountPage.breadcrumb).toContainText('Account');

  await accountPage.breadcrumb.getByRole('link', { name: 'Home' }).click();

  await expect(page).toHaveURL('/');
});

test('an administrator signs in like anybody else', async ({ loginPage, accountPage, page }) => {
  await loginPage.open('?return_to=/account');

  await loginPage.signIn(ADMIN);

  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(ADMIN.email);
});

test('a visitor is asked to log in first and comes back', async ({ loginPage, accountPage, person, page }) => {
  await page.goto('/account');
  await expect(page).toHaveURL('/login?return_to=/account');
  await loginPage.ready();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(person.email);
});

test('a new e-mail address takes effect once it is verified', async ({
  signedIn,
  accountPage,
  emailVerificationPage,
  toasts,
  mailbox,
  server,
  page,
  watch,
}) => {
  const { email } = stranger();
  await accountPage.open();

  await accountPage.send({ email: email.toUpperCase() });

  await expect(toasts.status).toContainText('Account updated successfully');
  await expect(page).toHaveURL('/account');
  await expect(accountPage.unverified).toBeVisible();
  const { link } = await mailbox.newest(email, VERIFY);
  watch.expectLink(link);
  await emailVerificationPage.follow(link);
  await expect(emailVerificationPage.success).toBeVisible();
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(email);
  await expect(accountPage.unverified).toHaveCount(0);
  expect(await canSignIn(server, { ...signedIn, email })).toBe(true);
});

test('a new password takes effect at once, and the person stays signed in', async ({
  signedIn,
  accountPage,
  toasts,
  server,
  page,
}) => {
  await accountPage.open();

  await accountPage.send({ password: 'a new password' });

  await expect(toasts.status).toContainText('Account updated successfully');
  await expect(page).toHaveURL('/account');
  await expect(accountPage.password).toHaveValue('');
  await expect(accountPage.confirmPassword).toHaveValue('');
  expect(await canSignIn(server, { ...signedIn, password: 'a new password' })).toBe(true);
  expect(await canSignIn(server, signedIn)).toBe(false);
});

const MISTAKES = [
  { what: 'an invalid address', email: 'ada.example.com', field: 'email', says: 'Invalid email address' },
  { what: 'a short password', password: 'seven77', field: 'password', says: 'Password must be at least 8 characters' },
  {
    what: 'a password without its confirmation',
    password: 'password2',
    confirmation: '',
    field: 'confirmPassword',
    says: 'Please confirm your password',
  },
  {
    what: 'a different confirmation',
    password: 'password2',
    confirmation: 'password3',
    field: 'confirmPassword',
    says: 'Passwords must match',
  },
] as const;

for (const { what, field, says, ...typed } of MISTAKES) {
  test(`${what} is reported beside the field, and nothing changes`, async ({ signedIn, accountPage, server, page }) => {
    await accountPage.open();

    await accountPage.send(typed);

    await expect(accountPage[field]).toHaveAccessibleDescription(says);
    await expect(accountPage[field]).toBeFocused();
    await expect(page).toHaveURL('/account');
    await expect(accountPage.email).toHaveValue('email' in typed ? typed.email : signedIn.email);
    expect(await canSignIn(server, signedIn)).toBe(true);
  });
}

test('an address that is already taken is reported', async ({ signedIn, accountPage, server, watch }) => {
  watch.expectRefusal('/api/update-account', 409);
  const other = await register(server);
  await accountPage.open();

  await accountPage.send({ email: other.email });

  await expect(accountPage.email).toHaveAccessibleDescription('A user with this email already exists');
  await expect(accountPage.email).toHaveValue(other.email);
  expect(await canSignIn(server, signedIn)).toBe(true);
});

test('a cookie with one changed character signs nobody in', async ({ signedIn, context, page }) => {
  expect(signedIn.email).toContain('@');
  const session = (await context.cookies()).find((cookie) => cookie.name === 'ironleaf-session');
  if (!session) throw new Error('there is no session cookie');
  const last = session.value.length - 10;
  const changed = session.value[last] === 'A' ? 'B' : 'A';
  const value = session.value.slice(0, last) + changed + session.value.slice(last + 1);
  await context.addCookies([{ ...session, value }]);

  await page.goto('/account');

  await expect(page).toHaveURL('/login?return_to=/account');
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});
