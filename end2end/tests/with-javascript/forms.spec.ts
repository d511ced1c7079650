// What scripts add to the forms: messages while a person types, buttons that wait for valid input, one request for two
// clicks, and no loss of text typed before hydration.

import type { Page } from '@playwright/test';

import { stranger } from '../../fixtures/people';
import { expect, hold, test } from '../../fixtures/test';

test('the login button waits for a well-formed e-mail and a password', async ({ loginPage }) => {
  await loginPage.open();
  await expect(loginPage.login).toBeDisabled();

  await loginPage.email.fill('not an address');
  await loginPage.password.fill('password1');
  await expect(loginPage.login).toBeDisabled();

  await loginPage.email.fill('ü da@example.com');
  await expect(loginPage.login).toBeDisabled();

  for (const address of ['ada@example.com', 'üda@example.com', 'ada@exämple.com', 'üda@xn--e1afmkfd.xn--p1ai']) {
    await loginPage.email.fill(address);
    await expect(loginPage.login, address).toBeEnabled();
  }

  await loginPage.password.fill('');
  await expect(loginPage.login).toBeDisabled();
});

test('the reset button waits for a well-formed e-mail', async ({ resetPasswordPage }) => {
  await resetPasswordPage.open();
  await expect(resetPasswordPage.resetPassword).toBeDisabled();

  await resetPasswordPage.email.fill('ada.example.com');
  await expect(resetPasswordPage.resetPassword).toBeDisabled();

  await resetPasswordPage.email.fill('ada@example.com');
  await expect(resetPasswordPage.resetPassword).toBeEnabled();
});

test('the button for a new password waits for two that match and are long enough', async ({
  signedIn,
  setPasswordPage,
}) => {
  expect(signedIn.email).toContain('@');
  await setPasswordPage.open();
  await expect(setPasswordPage.updatePassword).toBeDisabled();

  await setPasswordPage.fill('seven77');
  await expect(setPasswordPage.updatePassword).toBeDisabled();

  await setPasswordPage.fill('eight888', 'eight88');
  await expect(setPasswordPage.updatePassword).toBeDisabled();

  await setPasswordPage.fill('eight888');
  await expect(setPasswordPage.updatePassword).toBeEnabled();
});

test('a field reports a mistake when it loses the focus, until it is corrected', async ({ registerPage, page }) => {
  await registerPage.open();
  await registerPage.email.pressSequentially('ada@');
  await expect(registerPage.email).toHaveAccessibleDescription('');

  await page.keyboard.press('Tab');
  await expect(registerPage.email).toHaveAccessibleDescription('Invalid email address');

  await registerPage.email.pressSequentially('example.com');
  await expect(registerPage.email).toHaveAccessibleDescription('');
  await expect(registerPage.email).not.toHaveAttribute('aria-invalid', 'true');
});

test('a field that is left empty reports nothing yet', async ({ registerPage, page }) => {
  await registerPage.open();
  await registerPage.email.focus();

  await page.keyboard.press('Tab');
  await registerPage.password.focus();
  await page.keyboard.press('Tab');

  await expect(registerPage.email).toHaveAccessibleDescription('');
  await expect(registerPage.password).toHaveAccessibleDescription('');
});

test('a confirmation is refused as soon as it can no longer match', async ({ registerPage }) => {
  await registerPage.open();
  await registerPage.password.fill('password1');

  await registerPage.confirmPassword.pressSequentially('pass');
  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('');
  await registerPage.confirmPassword.pressSequentially('x');
  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('Passwords must match');

  await registerPage.password.fill('passx');
  await expect(registerPage.confirmPassword).toHaveAccessibleDescription('');
});

test('a form with mistakes is not sent', async ({ registerPage, page }) => {
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await registerPage.open();

  await registerPage.register.click();

  await expect(registerPage.email).toBeFocused();
  await expect(registerPage.email).toHaveAttribute('aria-invalid', 'true');
  await expect(registerPage.password).toHaveAttribute('aria-invalid', 'true');
  expect(sent).not.toContain('POST /api/register');
});

test('a form is sent once, however often a person clicks', async ({ registerPage, page }) => {
  const sent: string[] = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const release = await hold(page, '**/api/register');
  await registerPage.open();
  await registerPage.fill(stranger());

  await registerPage.register.dblclick();
  await expect(registerPage.register).toHaveAttribute('aria-busy', 'true');
  await registerPage.register.click({ force: true });
  await page.keyboard.press('Enter');
  release();

  await expect(page).toHaveURL('/');
  expect(sent.filter((path) => path === '/api/register')).toHaveLength(1);
});

test('a plain form is sent once, too', async ({ signedIn, accountPage, toasts, page }) => {
  expect(signedIn.email).toContain('@');
  const sent: string[] = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const release = await hold(page, '**/api/resend-verification');
  await accountPage.open();

  await accountPage.resendEmail.dblclick();
  release();

  await expect(toasts.status).toContainText('Verification email sent');
  expect(sent.filter((path) => path === '/api/resend-verification')).toHaveLength(1);
});

test('a button outside of its form sends it once, too', async ({ signedIn, accountPage, toasts, page }) => {
  expect(signedIn.email).toContain('@');
  const sent: string[] = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const release = await hold(page, '**/api/resend-verification');
  await accountPage.open();
  await accountPage.resendEmail.evaluate((button: HTMLButtonElement) => {
    button.form?.setAttribute('id', 'resend');
    button.setAttribute('form', 'resend');
    document.querySelector('main')?.append(button);
  });

  await accountPage.resendEmail.dblclick();
  release();

  await expect(toasts.status).toContainText('Verification email sent');
  expect(sent.filter((path) => path === '/api/resend-verification')).toHaveLength(1);
});

test('an enhanced form sends the name of its button, and may have a field of any name', async ({
  loginPage,
  person,
  page,
}) => {
  const sent: (string | null)[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/sign-in')) sent.push(request.postData());
  });
  await loginPage.open('?return_to=/account');
  await loginPage.login.evaluate((button: HTMLButtonElement) => {
    button.name = 'chosen';
    button.value = 'this';
    button.insertAdjacentHTML('beforebegin', '<input type="hidden" name="action" value="x">');
  });

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account');
  expect(sent).toHaveLength(1);
  expect(sent[0]).toContain('chosen=this');
});

test('before hydration, the form works as the server sent it', async ({ loginPage, person, page }) => {
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

test('wrong credentials do not reload the page', async ({ loginPage, toasts, person, page, watch }) => {
  watch.expectRefusal('/api/sign-in', 401);
  await loginPage.open();
  // A reload of the document would remove this attribute.
  await page.evaluate(() => document.body.setAttribute('data-same-document', ''));

  await loginPage.signIn({ ...person, password: 'not the password' });

  await expect(toasts.alert).toContainText('Login failed. Please check your credentials.');
  await expect(page.locator('body')).toHaveAttribute('data-same-document');
  await expect(loginPage.email).toHaveValue(person.email);
  // A person with a keyboard continues from the same place.
  await expect(loginPage.login).toBeFocused();
});

test('a form that gets no answer says so and can be sent again', async ({ loginPage, toasts, person, page, watch }) => {
  await loginPage.open();
  await page.route('**/api/sign-in', (route) => route.abort('connectionreset'), { times: 1 });
  watch.expectFailure('/api/sign-in');

  await loginPage.signIn(person);
  await expect(toasts.alert).toBeVisible();
  await expect(loginPage.email).toHaveValue(person.email);
  await loginPage.login.click();

  await expect(page).toHaveURL('/');
});

test('Enter sends a form that was filled in without any event', async ({ loginPage, person, page }) => {
  await loginPage.open();
  await loginPage.password.focus();
  // Some password managers fill in fields like this.
  await loginPage.email.evaluate((field: HTMLInputElement, text) => (field.value = text), person.email);
  await loginPage.password.evaluate((field: HTMLInputElement, text) => (field.value = text), person.password);
  await expect(loginPage.login).toBeDisabled();

  await page.keyboard.press('Enter');

  await expect(page).toHaveURL('/');
});

test('the fragment of the requested page survives the sign-in', async ({ loginPage, person, page }) => {
  await page.goto('/account#leave');
  await loginPage.ready();
  await expect(page).toHaveURL('/login?return_to=/account#leave');

  await loginPage.signIn(person);

  await expect(page).toHaveURL('/account#leave');
});

test('a form that leads to its own page shows its message, whatever the fragment', async ({
  resetPasswordPage,
  toasts,
  page,
}) => {
  await page.goto('/reset-password?return_to=/account#main');
  await resetPasswordPage.ready();

  await resetPasswordPage.send('ada@example.com');

  await expect(toasts.status).toContainText('A password reset link has been sent to ada@example.com');
});

test('the label of a button changes although the page was translated', async ({ loginPage, page }) => {
  await loginPage.open();
  await loginPage.password.fill('a password');
  const show = page.getByRole('button', { name: /show/i });
  // A translator puts each text into an element of its own.
  await show.evaluate((button) => {
    const font = document.createElement('font');
    font.textContent = 'Show it';
    button.firstChild?.replaceWith(font);
  });

  await show.click();

  await expect(page.getByRole('button', { name: /^Hide/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /Show/ })).toHaveCount(0);
});

test('a password can be shown and hidden again', async ({ loginPage, page }) => {
  await loginPage.open();
  await loginPage.password.fill('a password');

  await page.getByRole('button', { name: /show/i }).click();
  await expect(loginPage.password).toHaveAttribute('type', 'text');
  await page.getByRole('button', { name: /hide/i }).click();

  await expect(loginPage.password).toHaveAttribute('type', 'password');
  await expect(loginPage.password).toHaveValue('a password');
});

function holdWasm(page: Page): Promise<() => void> {
  return hold(page, '**/*.wasm');
}
