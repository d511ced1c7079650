// The customers of the project, and what it sells. Their password is on no page, because there is none.

export const password = 'password1';

export const people = [
  { id: 'c-ada', email: 'ada@example.org', firstName: 'Ada', lastName: 'Admin', isEmailVerified: true },
  // The API compares addresses with their case.
  { id: 'c-eva', email: 'Eva@Example.org', firstName: 'Eva', lastName: 'Evaluator', isEmailVerified: false },
];

/** What can be put into a cart, by its SKU. */
export const goods = ['tea', 'cup'];
