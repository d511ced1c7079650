// The automatic checks would find what the flows of this folder must not do.

import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '../../../fixtures/oidc';
import { Watch } from '../../../fixtures/watch';

/** A site that answers a form with a redirect to another host, under the content security policy of our pages. */
async function redirecting(to: string): Promise<Server> {
  const form = '<form method="post"><button>Go</button></form>';
  const page = `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>${form}</body></html>`;
  const site = createServer((asked, answer) => {
    if (asked.method === 'POST') return answer.writeHead(303, { Location: to }).end();
    const headers = { 'Content-Type': 'text/html', 'Content-Security-Policy': "form-action 'self'" };
    return answer.writeHead(200, headers).end(page);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  return site;
}

test('a form whose answer redirects to the provider is found', async ({ homePage, browser, server, peer }) => {
  await homePage.open();
  const site = await redirecting(`${peer.issuer}/.well-known/openid-configuration`);
  const context = await browser.newContext();
  const watch = new Watch(context, server);
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);

  const logged = page.waitForEvent('console');
  await page.getByRole('button', { name: 'Go' }).click();
  await logged;

  expect((await watch.findings()).join()).toContain('form-action');
  await context.close();
  site.close();
});

test('an opaque token of the provider is found wherever it appears', async ({
  signedInThere,
  browser,
  peer,
  server,
}) => {
  expect(signedInThere.email).toContain('@');
  const issued = await peer.issuedTokens();
  for (const kind of ['access_token', 'refresh_token', 'id_token'] as const) {
    const token = issued.filter((one) => one.kind === kind).at(-1)?.token ?? '';
    const context = await browser.newContext({ baseURL: server.origin });
    const watch = new Watch(context, server);
    const page = await context.newPage();
    await page.goto(`/?leaked=${token}`);

    expect((await watch.findings()).join(), kind).toContain(`the ${kind} ${token.slice(0, 8)}… in an address`);
    await context.close();
  }
});

test('an ID token is allowed in the address of the provider’s sign-out, and nowhere else', async ({
  signedInThere,
  browser,
  peer,
  server,
}) => {
  expect(signedInThere.email).toContain('@');
  const token = (await peer.issuedTokens()).filter(({ kind }) => kind === 'id_token').at(-1)?.token ?? '';
  const context = await browser.newContext({ baseURL: server.origin });
  const watch = new Watch(context, server);
  const page = await context.newPage();
  await page.goto('/');
  await page.goto(`${peer.issuer}/session/end?client_id=ironleaf&id_token_hint=${token}`);
  await page.goto('/');
  expect(await watch.findings()).toEqual([]);

  const other = new Watch(context, server);
  await page.goto(`/?id_token_hint=${token}`);
  expect((await other.findings()).join()).toContain('in an address');
  await context.close();
});
