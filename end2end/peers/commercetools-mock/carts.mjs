// What the platform documents for the carts of a guest who signs in or registers, and the mock does not do.

const newestActive = (carts) => carts.filter(({ cartState }) => cartState === 'Active').at(-1);
const isSame = (one, other) => one.productId === other.productId && one.variant.id === other.variant.id;

/** The line items of both carts. Where both have the same thing, the higher quantity counts. */
function merged(own, added) {
  const items = own.map((item) => {
    const twin = added.find((other) => isSame(item, other));
    return twin && twin.quantity > item.quantity ? { ...item, quantity: twin.quantity, totalPrice: twin.totalPrice } : item;
  });
  return [...items, ...added.filter((item) => !own.some((other) => isSame(item, other)))];
}

/** The carts as they are afterwards: everything of the guest is the customer's, and of two active carts one is left. */
export function carriedOver({ ofGuest, ofCustomer, customer, mode = 'MergeWithExistingCustomerCart' }) {
  const [active, before] = [newestActive(ofGuest), newestActive(ofCustomer)];
  const changed = ofGuest.map(({ anonymousId, ...cart }) => ({ ...cart, customerId: customer.id, version: cart.version + 1 }));
  if (!active || !before || mode !== 'MergeWithExistingCustomerCart') return changed;
  const left = changed.map((cart) => (cart.id === active.id ? { ...cart, cartState: 'Merged' } : cart));
  const lineItems = merged(before.lineItems, active.lineItems);
  return [...left, { ...before, lineItems, version: before.version + 1 }];
}
