// Drives the peer through what the provider relies on, and prints what was seen. `npm test` runs it.

import assert from 'node:assert/strict';
import { saw, startPeer } from '../common/peer.mjs';
import { password } from './people.mjs';

const client = { id: 'ironleaf:test', secret: 'a secret: 100% for tests + more' };
const encode = (text) => new URLSearchParams({ '': text }).toString().slice(1);
const basic = (secret) => `Basic ${Buffer.from(`${encode(client.id)}:${encode(secret)}`).toString('base64')}`;
const peer = await startPeer(new URL('.', import.meta.url), { CLIENT_ID: client.id, CLIENT_SECRET: client.secret, ACCESS_TOKEN_TTL: '2' });

async function post(path, form, secret = client.secret) {
  const headers = { authorization: basic(secret) };
  const answer = await fetch(`${peer.issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
  return { status: answer.status, body: await answer.json() };
}

async function call(token, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${peer.issuer}/shop${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const signIn = (username, scope = 'manage_my_profile:shop', secret) =>
  post('/oauth/shop/customers/token', { grant_type: 'password', username, password, scope }, secret);

const ada = await signIn('ada@example.org');
saw('sign-in', { ...ada.body, access_token: '..', refresh_token: '..' });
assert.match(ada.body.scope, /^manage_my_profile:shop customer_id:c-ada$/);
assert.equal((await call(ada.body.access_token, 'GET', '/me')).body.email, 'ada@example.org');

const other = await signIn('eva@example.org');
saw('an address in another case', other);
assert.equal(other.body.errors[0].code, 'invalid_customer_account_credentials');
const eva = await signIn('Eva@Example.org');
assert.equal((await call(eva.body.access_token, 'GET', '/me')).body.firstName, 'Eva');
assert.equal((await signIn('ada@example.org', 'x', 'wrong')).status, 401);

const refresh = () => post('/oauth/token', { grant_type: 'refresh_token', refresh_token: ada.body.refresh_token });
const renewed = await refresh();
saw('refresh', Object.keys(renewed.body));
assert.equal(renewed.body.refresh_token, undefined);
assert.equal((await refresh()).status, 200, 'the refresh token stays good');
assert.equal((await call(ada.body.access_token, 'GET', '/me')).status, 200, 'so does the old access token');
const unknown = await post('/oauth/token', { grant_type: 'refresh_token', refresh_token: 'unknown' });
saw('an unknown refresh token', unknown);
assert.equal(unknown.body.errors[0].error, 'invalid_grant');
assert.equal(unknown.body.error, undefined, 'there is no top-level error');
const revoke = await fetch(`${peer.issuer}/oauth/token/revoke`, { method: 'POST', headers: { authorization: basic(client.secret) } });
saw('revocation', revoke.status);
assert.equal(revoke.status, 404);

const guest = await post('/oauth/shop/anonymous/token', { grant_type: 'client_credentials', scope: 'manage_my_orders:shop' });
saw('guest', guest.body.scope);
assert.match(guest.body.scope, /anonymous_id:[0-9a-f-]{36}$/);
assert.equal((await call(guest.body.access_token, 'GET', '/me')).status, 404);
const cart = await call(guest.body.access_token, 'POST', '/me/carts', { currency: 'EUR' });
saw('cart', { status: cart.status, anonymousId: cart.body.anonymousId, cartState: cart.body.cartState });
assert.equal(cart.body.cartState, 'Active');
const login = { email: 'ada@example.org', password, activeCartSignInMode: 'MergeWithExistingCustomerCart' };
assert.equal((await call(guest.body.access_token, 'POST', '/me/login', login)).status, 200);
assert.equal((await call(guest.body.access_token, 'GET', `/me/carts/${cart.body.id}`)).status, 404, 'it is no longer the guest\'s');
const again = await signIn('ada@example.org');
assert.equal((await call(again.body.access_token, 'GET', '/me/active-cart')).body.id, cart.body.id);


const put = (token, sku, quantity) => call(token, 'POST', '/me/carts', { currency: 'EUR', lineItems: [{ sku, quantity }] });
const second = await post('/oauth/shop/anonymous/token', { grant_type: 'client_credentials', scope: 'manage_my_orders:shop' });
const own = await put(again.body.access_token, 'cup', 1);
const theirs = await put(second.body.access_token, 'tea', 2);
assert.equal((await call(second.body.access_token, 'POST', '/me/login', login)).status, 200);
const merged = (await call(again.body.access_token, 'GET', '/me/active-cart')).body;
saw('merged', merged.lineItems.map(({ variant, quantity }) => [variant.sku, quantity]));
assert.equal(merged.id, own.body.id);
assert.equal((await call(again.body.access_token, 'GET', `/me/carts/${theirs.body.id}`)).body.cartState, 'Merged');

const third = await post('/oauth/shop/anonymous/token', { grant_type: 'client_credentials', scope: 'manage_my_profile:shop' });
const signUp = (email) => call(third.body.access_token, 'POST', '/me/signup', { email, password: 'a new password' });
const known = await signUp('EVA@example.org');
saw('a known address', known);
assert.equal(known.body.errors[0].code, 'DuplicateField');
const created = await signUp('New@example.org');
assert.equal(created.status, 201);
assert.equal(created.body.customer.email, 'new@example.org');

await new Promise((resolve) => setTimeout(resolve, 2100));
const expired = await call(ada.body.access_token, 'GET', '/me');
saw('an expired access token', expired);
assert.equal(expired.status, 401);
await peer.tell('/revoke-all?sub=c-ada');
assert.equal((await refresh()).status, 400);
await peer.tell('/fail-refresh?error=invalid_grant&status=429&retry_after=7');
assert.equal((await refresh()).status, 429);
await peer.stop();
console.log('\nall checks passed');
