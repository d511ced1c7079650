// Transferred bytes and requests of each page with an empty cache, compared with `budget.json`.

import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

import type { BrowserContext, Page, Request } from '@playwright/test';

import { personWith, signIn } from '../fixtures/people';
import { ROUTES } from '../fixtures/routes';
import { expect, plainTest, test } from '../fixtures/test';

const KINDS = ['html', 'css', 'js', 'wasm', 'js+wasm', 'other', 'requests'] as const;
type Kind = (typeof KINDS)[number];
type Sizes = Record<Kind, number>;

/** Upper bounds by page, and for all others. A kind that is not listed has no limit. */
const BUDGETS = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8')) as Record<
  string,
  Partial<Sizes>
>;
const budgetOf = (path: string): Partial<Sizes> => BUDGETS[path] ?? BUDGETS['other pages'] ?? {};

const PASSKEYS = 'passkeys.js';

/** There is nothing to measure at an address whose parameter means nothing. */
const MEASURED = ROUTES.filter(({ hasParameter }) => !hasParameter);

test('bytes per page', async ({ browser, server, person, homePage }) => {
  await homePage.open();
  const measured: Record<string, Sizes> = {};
  for (const { path, role } of MEASURED) {
    const context = await browser.newContext({ baseURL: server.origin });
    const asVisitor = await context.request.get(path, { maxRedirects: 0 });
    if (asVisitor.status() === 303) await signIn(context, server, personWith(role, person));
    measured[path] = await sizesOf(context, path);
    await context.close();
  }
  console.log(table(measured));
  const over = overBudget(measured);
  if (over.length > 0) throw new Error(`Over budget:\n${over.join('\n')}`);
});

plainTest('bytes of the script for passkeys', () => {
  // Only the pages of a server under a domain load it.
  const size = brotliCompressSync(readFileSync(new URL(`../../public/${PASSKEYS}`, import.meta.url))).length;
  expect(size).toBeLessThanOrEqual(BUDGETS[PASSKEYS]?.js ?? 0);
});

async function sizesOf(context: BrowserContext, path: string): Promise<Sizes> {
  const page = await context.newPage();
  const finished: Request[] = [];
  page.on('requestfinished', (request) => finished.push(request));
  await page.goto(path);
  expect(new URL(page.url()).pathname, 'the page itself, and no other it leads to').toBe(path);
  await expect(page.locator('html')).toHaveAttribute('data-hydrated');
  const sizes: Sizes = { html: 0, css: 0, js: 0, wasm: 0, 'js+wasm': 0, other: 0, requests: 0 };
  for (const request of finished) {
    const { responseBodySize } = await request.sizes();
    sizes[kindOf(request, page)] += responseBodySize;
    sizes.requests += 1;
  }
  sizes['js+wasm'] = sizes.js + sizes.wasm;
  return sizes;
}

function kindOf(request: Request, page: Page): Exclude<Kind, 'js+wasm' | 'requests'> {
  const { pathname } = new URL(request.url());
  if (request.url() === page.url()) return 'html';
  if (pathname.endsWith('.css')) return 'css';
  if (pathname.endsWith('.js')) return 'js';
  if (pathname.endsWith('.wasm')) return 'wasm';
  return 'other';
}

function overBudget(measured: Record<string, Sizes>): string[] {
  return Object.entries(measured).flatMap(([path, sizes]) =>
    KINDS.flatMap((kind) => {
      const allowed = budgetOf(path)[kind];
      return allowed !== undefined && sizes[kind] > allowed
        ? [`${path}: ${kind} is ${sizes[kind]}, the budget ${allowed}`]
        : [];
    }),
  );
}

/** One line per page. A budget follows after a slash. */
function table(measured: Record<string, Sizes>): string {
  const cell = (path: string, kind: Kind) => {
    const allowed = budgetOf(path)[kind];
    return `${measured[path]?.[kind]}${allowed === undefined ? '' : ` / ${allowed}`}`;
  };
  const rows = [['page', ...KINDS], ...Object.keys(measured).map((path) => [path, ...KINDS.map((kind) => cell(path, kind))])];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join('  ');
  return `\nBytes as transferred, and their budget:\n\n${rows.map(line).join('\n')}\n`;
}
