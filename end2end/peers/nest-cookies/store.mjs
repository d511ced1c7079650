// People and their sessions, in memory.

import { createHash } from 'node:crypto';
import { people as shared } from '../common/people.mjs';

/** Everybody's password. */
export const password = 'password1';

// Whoever has no address cannot sign in here.
const people = shared.filter(({ email }) => email).map(({ sub, name, email, emailVerified, roles = [] }) => {
  const [firstName, lastName] = name.split(' ');
  return { sub, firstName, lastName, email, roles, emailVerified: String(emailVerified) === 'true', password };
});

export const findById = (sub) => people.find((person) => person.sub === sub);
export const findByEmail = (email) => people.find((person) => person.email === email);

/** Somebody who registers. Their `sub` is the address. */
export function add({ email, password, emailVerified }) {
  const person = { sub: email, firstName: email.split('@')[0], lastName: '', email, roles: ['user'], emailVerified, password };
  people.push(person);
  return person;
}

const digest = (token) => createHash('sha256').update(token).digest('base64');

/** The refresh tokens that are valid, by person. */
export class Sessions {
  #open = new Map();

  of(sub) {
    return this.#open.get(sub) ?? new Set();
  }

  open(sub, token) {
    this.#open.set(sub, this.of(sub).add(digest(token)));
  }

  /** Whether there was one. */
  close(sub, token) {
    return this.of(sub).delete(digest(token));
  }

  closeAll(sub) {
    const { size } = this.of(sub);
    this.#open.delete(sub);
    return size;
  }
}
