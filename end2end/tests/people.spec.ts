// Other people, as an administrator sees and changes them.

import { accessibilityProblems } from '../fixtures/accessibility';
import { VERIFY } from '../fixtures/mailbox';
import { ADMIN, type Person, canSignIn, register, signIn } from '../fixtures/people';
import { expect, test as base } from '../fixtures/test';

interface Fixtures {
  /** Signed in in this browser. No page is open yet. */
  administrator: Person;
}

const test = base.extend<Fixtures>({
  administrator: async ({ context, server }, use) => {
    await signIn(context, server, ADMIN);
    await use(ADMIN);
  },
});

test('the menu leads an administrator to the people', async ({ administrator, homePage, header, peoplePage, page }) => {
  expect(administrator.email).toContain('@');
  await homePage.open();

  await header.accountMenu.open();
  await header.accountMenu.item('People').click();

  await peoplePage.shown();
  await expect(page).toHaveURL('/admin/people');
  await expect(page).toHaveTitle('People · Ironleaf');
});

test('a person is found, and the way back keeps the search', async ({
  administrator,
  person,
  peoplePage,
  personPage,
  page,
  javaScriptEnabled,
}) => {
  expect(administrator.email).toContain('@');
  await peoplePage.open();

  await peoplePage.search.fill(person.email);
  await peoplePage.sort.selectOption('Email, A to Z');
  await peoplePage.show.click();

  await expect(peoplePage.people).toHaveCount(1);
  await expect(peoplePage.search).toHaveValue(person.email);
  await expect(peoplePage.table).toContainText('Not verified');
  if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
  await peoplePage.person(person.email).click();
  await expect(personPage.heading).toHaveText(person.email);
  if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
  await personPage.backToPeople.click();
  await expect(page).toHaveURL(`/admin/people?q=${encodeURIComponent(person.email)}&sort=email`);
});

test('only administrators are shown, and nobody is found by nonsense', async ({ administrator, person, peoplePage }) => {
  await peoplePage.open();

  await peoplePage.role.selectOption('Administrator');
  await peoplePage.show.click();

  await expect(peoplePage.person(administrator.email)).toBeVisible();
  await expect(peoplePage.person(person.email)).toHaveCount(0);
  await peoplePage.search.fill('nobody at all');
  await peoplePage.show.click();
  await expect(peoplePage.main).toContainText('Nobody is found here.');
});

test('many people are on several pages', async ({ administrator, server, peoplePage, page }) => {
  expect(administrator.email).toContain('@');
  const many = `many-${Date.now()}`;
  for (let number = 10; number < 31; number += 1) {
    await register(server, { email: `${many}-${number}@example.com`, password: 'a long password' });
  }
  await peoplePage.open(`?q=${many}&sort=email`);
  await expect(peoplePage.people).toHaveCount(20);
  await expect(peoplePage.previous).toHaveCount(0);

  await peoplePage.next.click();

  await expect(peoplePage.people).toHaveText([`${many}-30@example.com`]);
  await expect(peoplePage.next).toHaveCount(0);
  await peoplePage.previous.click();
  await expect(page).toHaveURL(`/admin/people?q=${many}&sort=email`);
});

test('a role is given and taken away, which logs the person out', async ({
  administrator,
  person,
  server,
  browser,
  peoplePage,
  personPage,
  toasts,
}) => {
  expect(administrator.email).toContain('@');
  await peoplePage.open(`?q=${person.email}`);
  await peoplePage.person(person.email).click();

  await personPage.makeAdministrator.click();

  await expect(toasts.status).toContainText('The person has the role now.');
  const other = await browser.newContext({ baseURL: server.origin });
  await signIn(other, server, person);
  expect((await other.request.get('/admin/people')).status()).toBe(200);
  await personPage.unmakeAdministrator.click();
  await expect(toasts.status).toContainText('the person is logged out everywhere here');
  await expect(personPage.makeAdministrator).toBeVisible();
  const answer = await other.request.get('/admin/people', { maxRedirects: 0 });
  expect(answer.status()).toBe(303);
  await other.close();
});

test('the verification e-mail is sent again', async ({
  administrator,
  person,
  peoplePage,
  personPage,
  toasts,
  mailbox,
}) => {
  expect(administrator.email).toContain('@');
  const first = await mailbox.newest(person.email, VERIFY);
  await peoplePage.open(`?q=${person.email}`);
  await peoplePage.person(person.email).click();

  await personPage.resend.click();

  await expect(toasts.status).toContainText('Verification email sent');
  await mailbox.newest(person.email, VERIFY, first);
});

test('a person is deleted after a question that says whose account it is', async ({
  administrator,
  person,
  server,
  peoplePage,
  personPage,
  deletePersonPage,
  toasts,
  page,
  javaScriptEnabled,
}) => {
  expect(administrator.email).toContain('@');
  await peoplePage.open(`?q=${person.email}`);
  await peoplePage.person(person.email).click();
  await personPage.deleteAccount.click();
  await deletePersonPage.shown();
  await expect(deletePersonPage.main).toContainText(person.email);
  if (javaScriptEnabled) expect(await accessibilityProblems(page)).toEqual([]);
  await deletePersonPage.cancel.click();
  await expect(personPage.heading).toHaveText(person.email);

  await personPage.deleteAccount.click();
  await deletePersonPage.confirm.click();

  await expect(toasts.status).toContainText('The account is deleted.');
  await expect(page).toHaveURL(`/admin/people?q=${encodeURIComponent(person.email)}`);
  await expect(peoplePage.main).toContainText('Nobody is found here.');
  expect(await canSignIn(server, person)).toBe(false);
});

test('a person is found and deleted with the keyboard alone', async ({
  administrator,
  person,
  server,
  keyboard,
  peoplePage,
  personPage,
  deletePersonPage,
  toasts,
  page,
}) => {
  expect(administrator.email).toContain('@');
  await peoplePage.open();

  await keyboard.type(peoplePage.search, person.email);
  await page.keyboard.press('Enter');
  await keyboard.press(peoplePage.person(person.email));
  await keyboard.press(personPage.deleteAccount);
  await deletePersonPage.shown();
  await keyboard.press(deletePersonPage.confirm);

  await expect(toasts.status).toContainText('The account is deleted.');
  expect(await canSignIn(server, person)).toBe(false);
});

test('administrators cannot take the role from themselves', async ({ administrator, peoplePage, personPage }) => {
  await peoplePage.open(`?q=${administrator.email}`);

  await peoplePage.person(administrator.email).click();

  await expect(personPage.heading).toHaveText(administrator.email);
  await expect(personPage.main).toContainText('This is your own account. Another administrator can take this role');
  await expect(personPage.unmakeAdministrator).toHaveCount(0);
  await expect(personPage.deleteAccount).toHaveCount(0);
});

test('a person without the role sees that they may not, and has no menu item', async ({
  signedIn,
  header,
  homePage,
  watch,
  page,
}) => {
  expect(signedIn.email).toContain('@');
  watch.expectRefusal('/admin/people', 403);
  await homePage.open();
  await header.accountMenu.open();
  await expect(header.accountMenu.item('People')).toHaveCount(0);

  const answer = await page.goto('/admin/people');

  expect(answer?.status()).toBe(403);
  await expect(header.accountMenu.button).toBeVisible();
});

test('a visitor has to log in, and comes to the list with its search', async ({ loginPage, peoplePage, page }) => {
  await page.goto('/admin/people?q=admin');
  await expect(page).toHaveURL('/login?return_to=/admin/people?q=admin');

  await loginPage.signIn(ADMIN);

  await peoplePage.shown();
  await expect(page).toHaveURL('/admin/people?q=admin');
});
