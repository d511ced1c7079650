// Links from e-mails that send themselves, and when they do not.

import { RESET, VERIFY } from '../../fixtures/mailbox';
import { expect, hold, test } from '../../fixtures/test';

test('a link signs in by itself, once', async ({ signInLinkPage, mailbox, person, server, request, page, watch }) => {
  const form = { email: person.email };
  await request.post(`${server.origin}/api/request-password-reset`, { form, maxRedirects: 0 });
  const { link } = await mailbox.newest(person.email, RESET);
  watch.expectLink(link);
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));

  await signInLinkPage.open(link);

  await expect(page).toHaveURL('/set-password');
  expect(sent.filter((line) => line === 'POST /api/sign-in-with-token')).toHaveLength(1);
  // A person who goes back is not sent through it again.
  await page.goBack();
  await expect(page).not.toHaveURL('/set-password');
  expect(sent.filter((line) => line === 'POST /api/sign-in-with-token')).toHaveLength(1);
});

test('while an address is verified a status says so', async ({ emailVerificationPage, mailbox, person, page, watch }) => {
  const { link } = await mailbox.newest(person.email, VERIFY);
  watch.expectLink(link);
  const release = await hold(page, '**/api/verify-email');

  await page.goto(link, { waitUntil: 'commit' });
  await expect(emailVerificationPage.status).toHaveText('Verifying your email…');
  await expect(emailVerificationPage.success).toHaveCount(0);
  release();

  await expect(emailVerificationPage.success).toBeVisible();
});
