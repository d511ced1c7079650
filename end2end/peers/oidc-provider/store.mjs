// What the provider keeps, in memory. The provider object is built anew when its keys change, so this lives outside of it.

const tables = new Map();

const table = (model) => {
  if (!tables.has(model)) tables.set(model, new Map());
  return tables.get(model);
};

// Adapter of oidc-provider: one object per model.
export class Adapter {
  constructor(model) {
    this.rows = table(model);
  }

  async upsert(id, payload) {
    this.rows.set(id, payload);
  }

  async find(id) {
    return this.rows.get(id);
  }

  async findByUid(uid) {
    return [...this.rows.values()].find((row) => row.uid === uid);
  }

  async consume(id) {
    this.rows.get(id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.rows.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const [id, row] of this.rows) if (row.grantId === grantId) this.rows.delete(id);
  }
}

export const sessionsOf = (sub) => [...table('Session').values()].filter((row) => row.accountId === sub);

export function endSession(row) {
  table('Session').delete(row.jti);
}

/** Ends every grant of a person, with all its tokens. Gives the number of grants. */
export function revokeAllOf(sub) {
  const grants = [...table('Grant').values()].filter((row) => row.accountId === sub);
  for (const { jti } of grants) {
    table('Grant').delete(jti);
    for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode']) {
      for (const [id, row] of table(model)) if (row.grantId === jti) table(model).delete(id);
    }
  }
  return grants.length;
}
