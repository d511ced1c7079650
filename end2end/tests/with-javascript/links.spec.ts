// When an e-mailed link submits its form by itself, and when not.

import { RESET, VERIFY } from '../../fixtures/mailbox';
import { forgetPassword, postForm, stranger } from '../../fixtures/people';
import { expect, stay, test as base } from '../../fixtures/test';

const test = base.extend<{ verification: string }>({
  /** The link from the e-mail after registering in this browser, which is signed in. */
  verification: async ({ context, server, mailbox, watch }, use) => {
    const { email, password } = stranger();
    await postForm(context, server, '/api/register', { email, password, confirm_password: password });
    const { link } = await mailbox.newest(email, VERIFY);
    watch.expectLink(link);
    await use(link);
  },
});

test('a link signs in by itself, once', async ({ signInLinkPage, mailbox, person, context, server, page, watch }) => {
  await forgetPassword(context, server, person);
  const { link } = await mailbox.newest(person.email, RESET);
  watch.expectLink(link);
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));

  await signInLinkPage.open(link);

  await expect(page).toHaveURL('/set-password');
  expect(sent.filter((line) => line === 'POST /api/sign-in-with-token')).toHaveLength(1);
  // Going back does not sign in again.
  await page.goBack();
  await expect(page).not.toHaveURL('/set-password');
  expect(sent.filter((line) => line === 'POST /api/sign-in-with-token')).toHaveLength(1);
});

test('while an address is verified, a status says so', async ({ emailVerificationPage, verification, page }) => {
  await stay(page, '**/api/verify-email');

  await page.goto(verification, { waitUntil: 'commit' });
  await expect(emailVerificationPage.status).toHaveText('Verifying your email…');
  await expect(emailVerificationPage.success).toHaveCount(0);

  await page.unroute('**/api/verify-email');
  // The form submitted itself once. From now on, a person has to press the button.
  await page.reload();
  await expect(emailVerificationPage.status).not.toHaveText('Verifying your email…');
  await emailVerificationPage.verify.click();
  await expect(emailVerificationPage.success).toBeVisible();
});

test('a page that is not visible sends nothing', async ({ emailVerificationPage, verification, page }) => {
  // A tab in the background, or a page that the browser loads in advance.
  await page.addInitScript(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  });
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.method()));
  await page.goto(verification);
  await emailVerificationPage.shown();
  expect(sent).not.toContain('POST');

  await page.evaluate(() => {
    Reflect.deleteProperty(document, 'visibilityState');
    Reflect.deleteProperty(document, 'hidden');
    document.dispatchEvent(new Event('visibilitychange'));
  });

  await expect(emailVerificationPage.success).toBeVisible();
});
