import { expect, test } from '../fixtures/test';

test('the login page asks for e-mail and password and leads nowhere else', async ({
  loginPage,
  header,
  page,
}) => {
  await loginPage.open();

  await expect(page).toHaveTitle('Login · Ironleaf');
  await expect(loginPage.heading).toBeVisible();
  await expect(loginPage.email).toHaveAttribute('type', 'email');
  await expect(loginPage.email).toHaveAttribute('placeholder', 'hi@example.com');
  await expect(loginPage.password).toHaveAttribute('type', 'password');
  await expect(loginPage.password).toHaveAttribute('placeholder', '*********');
  await expect(loginPage.forgotPassword).toHaveAttribute('href', '/reset-password');
  await expect(loginPage.signUp).toHaveAttribute('href', '/register');
  await expect(header.logo).toBeVisible();
  await expect(header.login).toHaveCount(0);
  await expect(header.themeMenu.button).toHaveCount(0);
});

test('a person signs in and is at home', async ({ loginPage, header, person, page }) => {
  await loginPage.open();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
});

test('an e-mail address is the same in capital letters', async ({ loginPage, header, person, page }) => {
  await loginPage.open();

  await loginPage.signIn({ ...person, email: person.email.toUpperCase() });

  await expect(page).toHaveURL('/');
  await expect(header.accountMenu.button).toBeVisible();
});

test('a person comes back to where they were going', async ({ loginPage, accountPage, person, page }) => {
  await loginPage.open('?return_to=/account');

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account');
  await expect(accountPage.heading).toBeVisible();
});

for (const elsewhere of ['//evil.example', '/\\evil.example', 'https:evil.example', '%2f%2fevil.example']) {
  test(`nobody is sent away to ${elsewhere}`, async ({ loginPage, person, page }) => {
    await loginPage.open(`?return_to=${elsewhere}`);

    await loginPage.signIn(person);

    await expect(page).toHaveURL('/');
  });
}

test('wrong credentials are reported, and the e-mail stays filled in', async ({
  loginPage,
  toasts,
  person,
  page,
  context,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();

  await loginPage.signIn({ ...person, password: 'not the password' });

  await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
  await expect(page).toHaveURL('/login');
  await expect(loginPage.email).toHaveValue(person.email);
  expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('ironleaf-session');
});

test('after wrong credentials, the right ones work and lead back', async ({
  loginPage,
  toasts,
  person,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open('?return_to=/account');
  await loginPage.signIn({ ...person, password: 'not the password' });
  await expect(toasts.alert).toBeVisible();
  await loginPage.ready();

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account');
});

test('a password never comes back into the page', async ({ loginPage, toasts, person, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();

  await loginPage.signIn({ ...person, password: 'not-the-password-7f3a' });

  await expect(toasts.alert).toBeVisible();
  expect(await page.content()).not.toContain('not-the-password-7f3a');
});

test('a message is shown once', async ({ loginPage, toasts, person, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  await loginPage.signIn({ ...person, password: 'not the password' });
  await expect(toasts.alert).toBeVisible();

  await loginPage.open();

  await expect(toasts.alert).toHaveCount(0);
});

test('the session is one cookie that scripts cannot read', async ({ loginPage, person, page, context }) => {
  await loginPage.open();
  await loginPage.signIn(person);
  await expect(page).toHaveURL('/');
  const sessions = (await context.cookies()).filter((cookie) => cookie.name.includes('session'));

  expect(sessions).toHaveLength(1);
  expect(sessions[0]).toMatchObject({ name: 'ironleaf-session', httpOnly: true, sameSite: 'Lax', path: '/' });
});

for (const path of ['/login', '/register', '/reset-password']) {
  test(`${path} redirects a person who is signed in to the home page`, async ({ signedIn, homePage, page }) => {
    expect(signedIn.email).toContain('@');

    await page.goto(path);

    await expect(page).toHaveURL('/');
    await homePage.shown();
  });
}
