// Real sessions of 12 KB: the core API's mark makes the tokens this large. Also what a person sees if a session exceeds
// the budget.

import type { BrowserContext } from '@playwright/test';

import { TOKEN_MARK } from '../../fixtures/leaks';
import { test as base, expect } from '../../fixtures/test';

const SESSION = 'ironleaf-session';
const LARGE_BYTES = 12 * 1024;
const TOO_LARGE = 'Your session is too large';
const REFUSAL = /^You cannot be logged in: the session of this account is larger than this site allows\./;

const test = base.extend<{ strictOrigin: string }>({
  /** A replica with the default budget, which the sessions of this file exceed. */
  strictOrigin: async ({ server }, use) => use(await server.startReplica({ SESSION_HEADER_BUDGET: '' })),
});

test.use({
  serverOptions: {
    settings: {
      CORE_API_ACCESS_TOKEN_TTL: '2s',
      CORE_API_TOKEN_MARK: TOKEN_MARK + 'x'.repeat(5_000),
      SESSION_HEADER_BUDGET: '16384',
    },
  },
});

test('a session of 12 KB is read, renewed and removed in one piece', async ({
  signedIn,
  accountPage,
  header,
  context,
  page,
}) => {
  const first = valueId(await sessionCookies(context));
  for (let visit = 0; visit < 3; visit += 1) {
    await accountPage.open();
    await expect(accountPage.email).toHaveValue(signedIn.email);
  }

  // This needs real time, because another process measures the access token's lifetime.
  await expect
    .poll(
      async () => {
        const response = await page.reload();
        expect(response?.status()).toBe(200);
        return valueId(await sessionCookies(context));
      },
      { message: 'a page renews the session', timeout: 10_000 },
    )
    .not.toBe(first);
  await accountPage.ready();
  await expect(accountPage.email).toHaveValue(signedIn.email);

  await header.signOut();
  expect(await sessionCookies(context)).toEqual([]);
});

test('a sign-in over the budget says what is wrong, and signs nobody in', async ({
  person,
  loginPage,
  toasts,
  strictOrigin,
  context,
  page,
  watch,
}) => {
  watch.expectRefusal('/api/sign-in', 500);
  await page.goto(`${strictOrigin}/login`);
  await loginPage.ready();

  await loginPage.signIn(person);

  await expect(toasts.alert).toContainText(REFUSAL);
  await expect(toasts.alert).toContainText('SESSION_HEADER_BUDGET');
  await expect(page).toHaveURL(`${strictOrigin}/login`);
  await expect(loginPage.email).toHaveValue(person.email);
  expect(await sessionCookies(context)).toEqual([]);
});

test('a session over a lowered budget says so, and the person stays signed in', async ({
  signedIn,
  accountPage,
  header,
  strictOrigin,
  context,
  page,
  watch,
}) => {
  watch.expectRefusal('/account', 500);
  const before = await sessionCookies(context);
  const expiry = Date.now() + 2_100;
  await expect.poll(() => Date.now() > expiry, { timeout: 5_000 }).toBe(true);

  const response = await page.goto(`${strictOrigin}/account`);

  expect(response?.status()).toBe(500);
  await expect(page).toHaveTitle(`${TOO_LARGE} · Ironleaf`);
  await expect(page.getByRole('heading', { level: 1, name: TOO_LARGE })).toBeVisible();
  await expect(accountPage.main).toContainText('You are still signed in.');
  await expect(accountPage.main).toContainText('SESSION_HEADER_BUDGET');
  await expect(header.accountMenu.button).toBeVisible();
  expect(await sessionCookies(context)).toEqual(before);

  // With a larger budget, the same cookie still opens, and its refresh token is unspent.
  await accountPage.open();
  await expect(accountPage.email).toHaveValue(signedIn.email);
  expect(valueId(await sessionCookies(context))).not.toBe(valueId(before));
});

type Cookie = Awaited<ReturnType<BrowserContext['cookies']>>[number];

/** All cookies of the session, ordered by name. */
async function sessionCookies(context: BrowserContext): Promise<Cookie[]> {
  const cookies = await context.cookies();
  return cookies
    .filter(({ name }) => name.startsWith(SESSION))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** The id that all chunks share. Also checks that the chunks are complete, of one value, and large. */
function valueId(cookies: Cookie[]): string {
  const chunks = cookies.map(({ value }) => value.split('.'));
  const [id = ''] = chunks[0] ?? [];
  expect(cookies.map(({ name }) => name)).toEqual(cookies.map((_, index) => `${SESSION}.${index}`));
  expect(chunks.map((chunk) => chunk.slice(0, 3))).toEqual(
    chunks.map((_, index) => [id, String(index), String(chunks.length)]),
  );
  const bytes = cookies.reduce((sum, { name, value }) => sum + name.length + '=; '.length + value.length, 0);
  expect(bytes).toBeGreaterThanOrEqual(LARGE_BYTES);
  return id;
}
