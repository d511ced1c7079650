import { VERIFY } from '../fixtures/mailbox';
import { canSignIn, stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('the page asks for an e-mail address and twice for a password', async ({ registerPage, header, page }) => {
  await registerPage.open();

  await expect(page).toHaveTitle('Register · Ironleaf');
  await expect(registerPage.heading).toBeVisible();
  await expect(registerPage.email).toHaveAttribute('type', 'email');
  for (const password of [registerPage.password, registerPage.confirmPassword]) {
    await expect(password).toHaveAttribute('type', 'password');
    await expect(password).toHaveAttribute('autocomplete', 'new-password');
  }
  await expect(registerPage.register).toBeEnabled();
  await expect(header.logo).toBeVisible();
  await expect(header.login).toHaveCount(0);
  await expect(header.themeMenu.button).toHaveCount(0);
});

test('registering signs in, leads home, and asks to verify the address', async ({
  registerPage,
  header,
  mailbox,
  page,
}) => {
  const person = stranger();
  await registerPage.open();

  await registerPage.send(person);

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
  const mail = await mailbox.newest(person.email, VERIFY);
  expect(new URL(mail.link).pathname).toBe('/email-verification');
  expect(mail.text).toContain(mail.link);
  expect(mail.html).toContain('href=');
});

test('an address is registered in lower case', async ({ registerPage, accountPage, page }) => {
  const person = stranger();
  await registerPage.open();

  await registerPage.send({ ...person, email: person.email.toUpperCase() });

  await expect(page).toHaveURL('/');
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(person.email);
});

test('a password may be long, have any character, and keeps its spaces', async ({ registerPage, server, page }) => {
  const person = { ...stranger(), password: `  ${'long pässwörd 🔑 '.repeat(6)} ` };
  await registerPage.open();

  await registerPage.send(person);

  await expect(page).toHaveURL('/');
  expect(await canSignIn(server, person)).toBe(true);
  expect(await canSignIn(server, { ...person, password: person.password.trim() })).toBe(false);
});

test('an address in any script has one account', async ({ registerPage, server, page }) => {
  const { email, password } = stranger();
  const local = `ü${email.split('@')[0]}`;
  await registerPage.open();

  await registerPage.send({ email: `${local}@exämple.com`, password });

  await expect(page).toHaveURL('/');
  for (const domain of ['exämple.com', 'EXÄMPLE.com', 'xn--exmple-cua.com']) {
    expect(await canSignIn(server, { email: `${local}@${domain}`, password }), domain).toBe(true);
  }
});

test('a password is the same however a keyboard composes its letters', async ({ registerPage, server, page }) => {
  const { email } = stranger();
  const passwords = ['Grüße aus Köln', 'Gru\u0308ße aus Ko\u0308ln', 'Grüße\u00a0aus Köln'] as const;
  await registerPage.open();

  await registerPage.send({ email, password: passwords[0] }, passwords[1]);

  await expect(page).toHaveURL('/');
  for (const password of passwords) {
    expect(await canSignIn(server, { email, password })).toBe(true);
  }
});

const MISTAKES = [
  { what: 'an invalid address', email: 'ada.example.com', field: 'email', says: 'Invalid email address' },
  {
    what: 'a short password',
    password: 'seven77',
    confirmation: 'seven77',
    field: 'password',
    says: 'Password must be at least 8 characters',
  },
  {
    what: 'a password that is too short once its letters are composed',
    password: 'u\u0308u\u0308u\u0308u\u0308567',
    confirmation: 'u\u0308u\u0308u\u0308u\u0308567',
    field: 'password',
    says: 'Password must be at least 8 characters',
  },
  { what: 'no confirmation', confirmation: '', field: 'confirmPassword', says: 'Confirm Password is required' },
  { what: 'a different confirmation', confirmation: 'password2', field: 'confirmPassword', says: 'Passwords must match' },
] as const;

for (const { what, field, says, ...typed } of MISTAKES) {
  test(`${what} is reported beside the field, which gets the focus`, async ({ registerPage, page }) => {
    const { email, password, confirmation } = {
      email: 'ada@example.com',
      password: 'password1',
      confirmation: 'password1',
      ...typed,
    };
    await registerPage.open();

    await registerPage.send({ email, password }, confirmation);

    await expect(registerPage[field]).toHaveAccessibleDescription(says);
    await expect(page.getByText(says)).toBeVisible();
    await expect(registerPage[field]).toHaveAttribute('aria-invalid', 'true');
    await expect(registerPage[field]).toBeFocused();
    await expect(page).toHaveURL('/register');
    await expect(registerPage.email).toHaveValue(email);
  });
}

test('all mistakes are reported at once, and the first of them gets the focus', async ({ registerPage }) => {
  await registerPage.open();

  await registerPage.send({ email: 'ada.example.com', password: 'short' }, 'other');

  await expect(registerPage.email).toHaveAccessibleDescription('Invalid email address');
  await expect(registerPage.password).toHaveAccessibleDescription('Password must be at least 8 characters');
  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('Passwords must match');
  await expect(registerPage.email).toBeFocused();
});

test('an address that is already taken is reported', async ({ registerPage, person, page, watch }) => {
  watch.expectRefusal('/api/register', 409);
  await registerPage.open();

  await registerPage.send({ ...person, email: person.email.toUpperCase() });

  await expect(registerPage.email).toHaveAccessibleDescription('A user with this email already exists');
  await expect(page).toHaveURL('/register');
  await expect(registerPage.email).toHaveValue(new RegExp(`^${person.email}$`, 'i'));
});

test('an address that only the core API refuses is reported in the same place', async ({ registerPage, page, watch }) => {
  watch.expectRefusal('/api/register', 422);
  await registerPage.open();

  await registerPage.send({ email: 'ada@example', password: 'password1' });

  await expect(registerPage.email).toHaveAccessibleDescription('Invalid email address');
  await expect(registerPage.email).toBeFocused();
  await expect(page).toHaveURL('/register');
});

test('after a mistake is corrected, the form works', async ({ registerPage, header, page }) => {
  const person = stranger();
  await registerPage.open();
  await registerPage.send(person, 'another password');
  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('Passwords must match');
  await registerPage.ready();

  await registerPage.send(person);

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
});

test('a person who has an account can go to the login page', async ({ registerPage, loginPage, page }) => {
  await registerPage.open();

  await registerPage.login.click();

  await expect(page).toHaveURL('/login');
  await expect(loginPage.heading).toBeVisible();
});
