// What the platform does and the mock leaves out: tokens end, a wrong secret is refused, and `me` is whoever asks. Everything is laid
// before the mock's own routes, whose answers stay as they are.

import { goods, people, password } from './people.mjs';
import { carriedOver } from './carts.mjs';

const subjectOf = (scope) => /(customer_id|anonymous_id):(\S+)$/.exec(scope ?? '') ?? [];

/** Adds the customers and the goods. The mock keeps passwords as base64, and compares `lowercaseEmail` at a sign-up. */
export async function addPeople(mock, project) {
  for (const { id, email, firstName, lastName, isEmailVerified } of people) {
    await mock.project(project).unsafeAdd('customer', {
      id, email, lowercaseEmail: email.toLowerCase(), firstName, lastName, isEmailVerified,
      password: Buffer.from(password).toString('base64'), addresses: [],
      authenticationMode: 'Password', customerGroupAssignments: [], stores: [], version: 1,
    });
  }
  for (const sku of goods) {
    const value = { type: 'centPrecision', currencyCode: 'EUR', centAmount: 500, fractionDigits: 2 };
    const masterVariant = { id: 1, sku, prices: [{ id: `price-${sku}`, value }], attributes: [], images: [] };
    const current = { name: { en: sku }, slug: { en: sku }, categories: [], masterVariant, variants: [] };
    const masterData = { current, staged: current, published: true, hasStagedChanges: false };
    const productType = { typeId: 'product-type', id: 't' };
    await mock.project(project).unsafeAdd('product', { id: `p-${sku}`, version: 1, masterData, productType });
  }
}

/** Gives the tokens an end, and lets somebody end them all. */
export class Tokens {
  #store;
  #ends = new Map();

  constructor(store, ttl) {
    this.#store = store;
    const add = store.addToken.bind(store);
    store.addToken = (token, client) => {
      token.expires_in = ttl;
      this.#ends.set(token.access_token, Date.now() + 1000 * ttl);
      add(token, client);
    };
    store.validateToken = (token) => this.scopeOf(token) !== undefined;
  }

  /** The scope of a living access token. */
  scopeOf(token) {
    if (!(Date.now() < (this.#ends.get(token) ?? 0))) return undefined;
    return this.#store.tokens.find(({ access_token }) => access_token === token)?.scope;
  }

  /** Ends every token of a customer or of a guest. */
  revokeAll(id) {
    const of = (token) => subjectOf(token.scope)[2] === id;
    const ended = this.#store.tokens.filter(of);
    for (const token of ended) this.#ends.delete(token.access_token);
    this.#store.tokens = this.#store.tokens.filter((token) => !of(token));
    return ended.length;
  }
}

/** Installs the hooks. Call it before the first request. */
export function actAsThePlatform(mock, { project, client }, tokens) {
  const refuse = (reply, status, code) =>
    reply.code(status).send({ statusCode: status, message: code, errors: [{ code, message: code }] });
  const carts = () => mock.project(project).getRepository('cart');
  const context = { projectKey: project };
  const cartsOf = async (owner, id) => (await carts().query(context, { where: [`${owner} = "${id}"`] })).results;

  mock.app.addHook('preHandler', async (request, reply) => {
    const path = request.url.split('?')[0];
    if (path.startsWith('/oauth/')) return isClient(request, client) ? undefined : refuse(reply, 401, 'invalid_client');
    const [, kind, id] = subjectOf(tokens.scopeOf(/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]));
    if (!kind) return refuse(reply, 401, 'invalid_token');
    const owner = kind === 'customer_id' ? 'customerId' : 'anonymousId';
    const rest = path.slice(`/${project}/me`.length);
    if (!path.startsWith(`/${project}/me`)) return refuse(reply, 403, 'insufficient_scope');
    if (rest === '' && request.method === 'GET') {
      const customer = owner === 'customerId' && (await mock.project(project).get('customer', id));
      return customer ? reply.send(customer) : refuse(reply, 404, 'ResourceNotFound');
    }
    if (rest === '/carts' && request.method === 'POST') request.body[owner] = id;
    const [, cart] = /^\/carts\/([^/]+)$/.exec(rest) ?? [];
    if (cart && !(await cartsOf(owner, id)).some((own) => own.id === cart)) return refuse(reply, 404, 'ResourceNotFound');
    if (rest === '/active-cart') {
      const active = (await cartsOf(owner, id)).filter(({ cartState }) => cartState === 'Active').at(-1);
      return active ? reply.send(active) : refuse(reply, 404, 'ResourceNotFound');
    }
    // Where it succeeds, what the guest has becomes the customer's.
    if (['/login', '/signup'].includes(rest) && owner === 'anonymousId') request.guest = id;
  });
  mock.app.addHook('onSend', async (request, reply, payload) => {
    if (!request.guest || ![200, 201].includes(reply.statusCode)) return payload;
    const { customer } = JSON.parse(payload);
    const [ofGuest, ofCustomer] = [await cartsOf('anonymousId', request.guest), await cartsOf('customerId', customer.id)];
    for (const cart of carriedOver({ ofGuest, ofCustomer, customer, mode: request.body.activeCartSignInMode })) {
      await mock.project(project).unsafeAdd('cart', cart);
    }
    return payload;
  });
}

// RFC 6749, 2.3.1: both halves are form-encoded first.
function isClient(request, { id, secret }) {
  const given = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const encode = (text) => new URLSearchParams({ '': text }).toString().slice(1);
  return given === Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64');
}
