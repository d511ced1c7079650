// What the gem keeps in Redis: one record for each sign-in, under its refresh token's identifier.

import { randomUUID } from 'node:crypto';
import { masked, newSecret, sign } from './tokens.mjs';

export class Sessions {
  #records = new Map();
  #settings;
  /** Every token and CSRF value that was issued, newest last. */
  issued = [];
  /** How often the reuse handler was called. */
  reported = 0;

  constructor(settings) {
    this.#settings = settings;
  }

  get count() {
    return this.#records.size;
  }

  login(person) {
    const ruid = randomUUID();
    const end = this.#end(this.#settings.refreshTokenTtl);
    const record = { ruid, person, refreshEnd: end };
    this.#records.set(ruid, record);
    const refresh = sign({ user_id: person.sub, ruid, uid: ruid, exp: end });
    this.#keep('refresh_token', refresh);
    return { ...this.#newAccess(record), refresh, refresh_expires_at: this.#date(end) };
  }

  /** The last access token dies at once, and the CSRF secret changes. The refresh token and its end stay. */
  refresh(record) {
    return this.#newAccess(record);
  }

  /** Whether the last access token could still be used, whoever has seen it. */
  accessLives(record) {
    return record.accessEnd > Date.now() / 1000;
  }

  ofRefreshToken(claims) {
    return this.#records.get(claims.ruid);
  }

  ofAccessToken(claims) {
    return [...this.#records.values()].find((record) => record.uid === claims.uid);
  }

  end(record) {
    this.#records.delete(record.ruid);
  }

  endAllOf(sub) {
    const theirs = [...this.#records.values()].filter(({ person }) => person.sub === sub);
    for (const record of theirs) this.end(record);
    return theirs.length;
  }

  /** The CSRF secret under one more mask. */
  csrf(record) {
    const value = masked(record.csrf);
    this.#keep('csrf', value);
    return value;
  }

  #newAccess(record) {
    const end = this.#end(this.#settings.accessTokenTtl);
    Object.assign(record, { uid: randomUUID(), accessEnd: end, csrf: newSecret() });
    const access = sign({ user_id: record.person.sub, uid: record.uid, exp: end });
    this.#keep('access_token', access, end);
    return { csrf: this.csrf(record), access, access_expires_at: this.#date(end) };
  }

  #keep(kind, token, end) {
    this.issued.push({ kind, token, ...(end && { expires_at: end * 1000 }) });
  }

  #end = (ttl) => Math.floor(Date.now() / 1000) + ttl;

  // `Time#to_s` without Rails, ISO 8601 with it.
  #date(secs) {
    const iso = new Date(secs * 1000).toISOString();
    return this.#settings.dates === 'iso' ? iso : iso.replace('T', ' ').replace(/\.\d+Z$/, ' +0000');
  }
}
