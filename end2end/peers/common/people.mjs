// The people of both peers. Each of them is one case that a relying party must deal with.

export const people = [
  {
    sub: 'ada',
    name: 'Ada Admin',
    username: 'ada',
    email: 'ada@example.org',
    emailVerified: true,
    roles: ['admin', 'user'],
    groups: ['/staff', '/administrators'],
  },
  {
    sub: 'eva',
    name: 'Eva Evaluator',
    username: 'eva',
    email: 'eva@example.org',
    emailVerified: true,
    roles: ['evaluator'],
    groups: ['/staff'],
  },
  // Some providers know people by a telephone number or a user name alone.
  { sub: 'noah', name: 'Noah Nomail', username: 'noah', roles: ['user'], groups: [] },
  // Some providers send the claim as text, against OpenID Connect Core 5.1.
  {
    sub: 'tess',
    name: 'Tess Text',
    username: 'tess',
    email: 'tess@example.org',
    emailVerified: 'true',
    roles: ['user'],
    groups: ['/guests'],
  },
  {
    sub: 'rolf',
    name: 'Rolf Roleless',
    username: 'rolf',
    email: 'rolf@example.org',
    emailVerified: false,
  },
];

// `undefined` members vanish in JSON: a person without e-mail or roles has no such claims at all.
export const claimsOf = (person) => ({
  name: person.name,
  preferred_username: person.username,
  email: person.email,
  email_verified: person.emailVerified,
  roles: person.roles,
  realm_access: person.roles && { roles: person.roles },
  groups: person.groups,
});
