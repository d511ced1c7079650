// `public/ironleaf.js`: how the scripts of a front end ask for the session and call APIs.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import type { Page, Request as Sent, Route } from '@playwright/test';

import type { ApiError, Session } from '/ironleaf.js';

import { postForm } from '../../fixtures/people';
import { expect, plainTest, test } from '../../fixtures/test';

/** What a first visit may load of it, compressed. */
const MOST_BYTES = 1024;

/** A page of a front end, with nothing on it. */
const EMPTY = '<!DOCTYPE html>\n<html lang="en"><head><title>x</title></head><body><p>x</p></body></html>';

/** An address of an API that is not there: the tests answer in its place. */
const API = '/api/things/';

const SIGNED_OUT = { code: 'signed_out', message: 'Nobody is signed in.', sign_in: '/login?return_to=%2Fempty' };

type Answer = Parameters<Route['fulfill']>[0];

const json = (status: number, body: unknown, headers = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Opens the page, and answers requests to the API with these, the last one for all others. Returns the requests. */
async function open(page: Page, ...answers: Answer[]): Promise<Sent[]> {
  const requests: Sent[] = [];
  await page.route('**/empty', (route) => route.fulfill({ contentType: 'text/html', body: EMPTY }));
  await page.route(`**${API}`, (route) => {
    const answer = answers[Math.min(requests.push(route.request()), answers.length) - 1];
    return answer ? route.fulfill(answer) : route.abort();
  });
  await page.goto('/empty');
  return requests;
}

/** Calls the API from the page, and says what came of it. */
function call(page: Page, init: RequestInit & { signIn?: boolean } = {}): Promise<string> {
  return page.evaluate(
    async ([path, init]) => {
      const { api } = await import('/ironleaf.js');
      try {
        const answer = await api(path, init);
        return `${answer.status} ${await answer.text()}`;
      } catch (error) {
        const { name, status, code, signIn } = error as ApiError;
        return JSON.stringify({ name, status, code, signIn });
      }
    },
    [API, init] as const,
  );
}

const ask = (page: Page): Promise<Session> =>
  page.evaluate(async () => {
    const { session } = await import('/ironleaf.js');
    return session();
  });

plainTest('it is small enough to be loaded by every page', () => {
  const file = readFileSync(new URL('../../../public/ironleaf.js', import.meta.url));
  const bytes = brotliCompressSync(file).length;
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  expect(bytes).toBeGreaterThan(MOST_BYTES / 2);
});

plainTest('its types hold for a front end in TypeScript, and those of this suite hold as well', () => {
  // The compiler takes five seconds, and several times as long on a busy machine.
  plainTest.setTimeout(180_000);
  const suite = fileURLToPath(new URL('../..', import.meta.url));
  const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit'], { cwd: suite });
  expect(String(compiled.stdout) + String(compiled.stderr)).toBe('');
  expect(compiled.status).toBe(0);
});

test('it is asked for again in each new page, and rarely loaded again', async ({ page }) => {
  const [first, again] = await page.goto('/').then(async () => [
    await page.request.get('/ironleaf.js'),
    await page.request.get('/ironleaf.js'),
  ]);
  expect(first?.headers()).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'text/javascript' });
  const since = again?.headers()['last-modified'] ?? '';
  const known = await page.request.get('/ironleaf.js', { headers: { 'If-Modified-Since': since } });
  expect(known.status()).toBe(304);
});

test('the session is sent again only if it has changed, and an event tells that', async ({
  page,
  context,
  server,
  signedIn,
}) => {
  await open(page);
  const statuses: number[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/api/session')) statuses.push(response.status());
  });
  await page.evaluate(() => {
    addEventListener('ironleaf:session', ({ detail }) => {
      document.title = detail.signed_in ? detail.user.id : `nobody, ${detail.sign_in}`;
    });
  });

  const first = await ask(page);
  expect(first).toMatchObject({ signed_in: true, user: { email: signedIn.email }, sign_out: '/api/sign-out' });
  expect(await ask(page)).toEqual(first);
  await expect(page).toHaveTitle('x');

  await postForm(context, server, '/api/sign-out', {});
  expect(await ask(page)).toEqual({ signed_in: false, sign_in: '/login' });
  await expect(page).toHaveTitle('nobody, /login');
  expect(statuses).toEqual([200, 304, 200]);
});

test('questions at once are one request', async ({ page }) => {
  let requests = 0;
  await page.route('**/api/session', async (route) => {
    requests += 1;
    await route.continue();
  });
  await open(page);
  const same = await page.evaluate(async () => {
    const { session } = await import('/ironleaf.js');
    const [first, ...others] = await Promise.all([session(), session(), session()]);
    return others.every((other) => other === first);
  });
  expect([same, requests]).toEqual([true, 1]);
});

test('a session that nobody can check is an error and no sign-out', async ({ page, watch }) => {
  watch.expectRefusal('/api/session', 503);
  await page.route('**/api/session', (route) => route.fulfill(json(503, { code: 'unavailable' }, { 'retry-after': '0' })));
  await open(page);
  const said = await page.evaluate(async () => {
    const { session } = await import('/ironleaf.js');
    return session().then(String, (error: ApiError) => `${error.status} ${error.code}`);
  });
  expect(said).toBe('503 unavailable');
});

test('what changes something has the header that no other site can send', async ({ page }) => {
  const requests = await open(page, json(200, {}));
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    expect(await call(page, { method }), method).toMatch(/^200/);
  }
  const headers = requests.map((request) => `${request.method()} ${request.headers()['x-requested-with'] ?? 'none'}`);
  expect(headers).toEqual(['GET none', 'HEAD none', 'POST ironleaf', 'PUT ironleaf', 'PATCH ironleaf', 'DELETE ironleaf']);
});

test('another origin is not called', async ({ page }) => {
  await open(page);
  // The browser refuses such a request to another origin before it sends anything, with an error on the console.
  const modes = await page.evaluate(async () => {
    const { api } = await import('/ironleaf.js');
    window.fetch = (request) => Promise.resolve(new Response((request as Request).mode));
    const there = 'https://elsewhere.example/';
    const answers = [api(there), api(there, { mode: 'cors' }), api(new Request(there, { mode: 'cors' }))];
    return Promise.all(answers.map(async (answer) => (await answer).text()));
  });
  expect(modes).toEqual(['same-origin', 'same-origin', 'same-origin']);
});

test('whoever is signed out is told so by an error with a type', async ({ page, watch }) => {
  watch.expectRefusal(API, 401);
  await open(page, json(401, SIGNED_OUT));
  expect(JSON.parse(await call(page))).toEqual({
    name: 'ApiError',
    status: 401,
    code: 'signed_out',
    signIn: SIGNED_OUT.sign_in,
  });
  await expect(page).toHaveURL('/empty');
});

test('on request, whoever is signed out is led to the sign-in', async ({ page, watch }) => {
  watch.expectRefusal(API, 401);
  await open(page, json(401, SIGNED_OUT));
  await page.evaluate(async (path) => {
    const { api } = await import('/ironleaf.js');
    void api(path, { signIn: true }).catch(() => undefined);
  }, API);
  await expect(page).toHaveURL('/login?return_to=%2Fempty');
});

test('a 401 of the API itself is an answer, and leads nowhere', async ({ page, watch }) => {
  watch.expectRefusal(API, 401);
  const bodies = [{ error: 'wrong pin' }, null, { sign_in: 'https://evil.example/' }, { sign_in: '//evil.example' }];
  await open(page, ...bodies.map((body) => json(401, body)));
  for (const body of bodies) {
    expect(await call(page, { signIn: true })).toBe(`401 ${JSON.stringify(body)}`);
  }
  await expect(page).toHaveURL('/empty');
});

test('an idempotent request is sent once more after a 503 that says when', async ({ page, watch }) => {
  watch.expectRefusal(API, 503);
  const away = json(503, {}, { 'retry-after': '0' });
  for (const [method, answers, status, count] of [
    ['GET', [away, json(200, 'there')], '200 "there"', 2],
    ['PUT', [away, json(200, 'there')], '200 "there"', 2],
    ['GET', [away, away, json(200, 'late')], '503 {}', 2],
    ['GET', [json(503, {}), json(200, 'there')], '503 {}', 1],
    ['GET', [json(503, {}, { 'retry-after': '3600' }), json(200, 'there')], '503 {}', 1],
    ['POST', [away, json(200, 'twice')], '503 {}', 1],
    ['PATCH', [away, json(200, 'twice')], '503 {}', 1],
  ] as const) {
    const requests = await open(page, ...answers);
    const body = method === 'PUT' ? 'the same body' : undefined;
    expect(await call(page, { method, body }), `${method} ${count}`).toBe(status);
    expect(requests.map((request) => request.postData()), method).toEqual(Array(count).fill(body ?? null));
    await page.unrouteAll();
  }
});

test('a request that was given up is not sent again', async ({ page, watch }) => {
  watch.expectRefusal(API, 503);
  const requests = await open(page, json(503, {}, { 'retry-after': '20' }));
  const said = await page.evaluate(async (path) => {
    const { api } = await import('/ironleaf.js');
    const abort = new AbortController();
    const answer = api(path, { signal: abort.signal }).then(String, (error: Error) => error.name);
    // By then, the first answer is there.
    await fetch(path);
    abort.abort();
    return answer;
  }, API);
  expect([said, requests.length]).toEqual(['AbortError', 2]);
});

test('a sign-out by script is the sign-out of the form', async ({ page, context, signedIn }) => {
  await open(page);
  expect(await ask(page)).toMatchObject({ signed_in: true, user: { email: signedIn.email } });
  await page.evaluate(async () => {
    const { signOut } = await import('/ironleaf.js');
    void signOut();
  });
  await expect(page).toHaveURL('/');
  expect((await context.cookies()).filter(({ name }) => name.startsWith('ironleaf-session'))).toEqual([]);
});
