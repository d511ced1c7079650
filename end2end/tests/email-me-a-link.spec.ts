// A link that signs in, asked for on the login page.

import { LINK } from '../fixtures/mailbox';
import { stranger } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('a person signs in with a link and needs no password', async ({
  loginPage,
  signInLinkPage,
  accountPage,
  toasts,
  person,
  mailbox,
  page,
  watch,
}) => {
  await loginPage.open('?return_to=/account');
  await loginPage.email.fill(person.email);

  await loginPage.emailLink.click();

  await expect(toasts.status).toContainText(`A login link has been sent to ${person.email}`);
  await expect(page).toHaveURL('/login?return_to=/account');
  const mail = await mailbox.newest(person.email, LINK);
  expect(mail.link).not.toContain('action=');
  watch.expectLink(mail.link);
  await signInLinkPage.follow(mail.link, person.email);
  await expect(page).toHaveURL('/account');
  await expect(accountPage.email).toHaveValue(person.email);
});

test('an unknown address gets the same answer', async ({ loginPage, toasts }) => {
  const { email } = stranger();
  await loginPage.open();
  await loginPage.email.fill(email);

  await loginPage.emailLink.click();

  await expect(toasts.status).toContainText(`A login link has been sent to ${email}`);
});

test('what is no address is said beside the field, and stays there', async ({ loginPage, watch }) => {
  watch.expectRefusal('/api/request-sign-in-link', 422);
  await loginPage.open();
  await loginPage.email.fill('nonsense');

  await loginPage.emailLink.click();

  await expect(loginPage.email).toHaveAccessibleDescription('Invalid email address');
  await expect(loginPage.email).toHaveValue('nonsense');
});

test('the choice about being remembered holds for the link', async ({
  loginPage,
  signInLinkPage,
  toasts,
  person,
  mailbox,
  page,
  context,
  watch,
}) => {
  await loginPage.open();
  await loginPage.email.fill(person.email);
  await loginPage.rememberMe.uncheck();
  await loginPage.emailLink.click();
  await expect(toasts.status).toContainText('A login link has been sent');
  const { link } = await mailbox.newest(person.email, LINK);
  watch.expectLink(link);

  await signInLinkPage.follow(link, person.email);

  await expect(page).toHaveURL('/');
  expect((await context.cookies()).find(({ name }) => name === 'ironleaf-session')?.expires).toBe(-1);
});
