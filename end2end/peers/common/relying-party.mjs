// A relying party for the checks of the peers: plain, and strict in what it reads.

import { createHash, createPublicKey, createPrivateKey, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import assert from 'node:assert/strict';

const random = () => randomBytes(32).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const formEncode = (value) => new URLSearchParams({ v: value }).toString().slice(2);

const signatures = {
  RS256: { hash: 'sha256' },
  PS256: { hash: 'sha256', options: { padding: 6, saltLength: 32 } },
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { hash: null },
};

export class RelyingParty {
  constructor({ issuer, client }) {
    this.issuer = issuer;
    this.client = client;
  }

  async discover() {
    const url = `${this.issuer}/.well-known/openid-configuration`;
    const answer = await fetch(url);
    this.discoveryHeaders = answer.headers;
    this.metadata = await answer.json();
    assert.equal(this.metadata.issuer, this.issuer);
    return this.metadata;
  }

  async keys() {
    const answer = await fetch(this.metadata.jwks_uri);
    return { headers: answer.headers, keys: (await answer.json()).keys };
  }

  /** Begins an attempt. Gives where to send the browser, and what to keep for the callback. */
  async begin({ par = false, ...more } = {}) {
    const kept = { state: random(), nonce: random(), verifier: random() };
    const parameters = {
      response_type: 'code',
      client_id: this.client.id,
      redirect_uri: this.client.redirectUri,
      scope: 'openid profile email offline_access',
      state: kept.state,
      nonce: kept.nonce,
      code_challenge: createHash('sha256').update(kept.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    };
    let query = parameters;
    if (par) {
      kept.pushed = await this.post(this.metadata.pushed_authorization_request_endpoint, parameters);
      assert.equal(kept.pushed.status, 201, JSON.stringify(kept.pushed.body));
      query = { client_id: this.client.id, request_uri: kept.pushed.body.request_uri };
    }
    const url = new URL(this.metadata.authorization_endpoint);
    url.search = new URLSearchParams(query);
    return { url, ...kept };
  }

  /** Reads the callback, and exchanges its code. */
  async finish(attempt, callback, more = {}) {
    const { code, state, iss } = Object.fromEntries(callback.searchParams);
    assert.equal(state, attempt.state);
    assert.equal(iss, this.issuer);
    const answer = await this.post(this.metadata.token_endpoint, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.client.redirectUri,
      code_verifier: attempt.verifier,
      ...more,
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return { ...answer.body, headers: answer.headers, id: await this.verify(answer.body.id_token, { nonce: attempt.nonce }) };
  }

  refresh(token, more = {}) {
    return this.post(this.metadata.token_endpoint, { grant_type: 'refresh_token', refresh_token: token, ...more });
  }

  revoke(token, hint) {
    return this.post(this.metadata.revocation_endpoint, { token, token_type_hint: hint });
  }

  async userinfo(accessToken) {
    const answer = await fetch(this.metadata.userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** A form post with the client's credentials. */
  async post(url, parameters) {
    const headers = {};
    const form = new URLSearchParams(parameters);
    const { id, secret, auth } = this.client;
    if (auth === 'client_secret_basic') {
      headers.authorization = `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}`;
    } else if (auth === 'client_secret_post') {
      form.set('client_id', id);
      form.set('client_secret', secret);
    } else {
      form.set('client_id', id);
      form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      form.set('client_assertion', this.#assertion());
    }
    const answer = await fetch(url, { method: 'POST', headers, body: form });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** Verifies signature, issuer, audience and times of a token of the provider. Gives its claims. */
  async verify(token, { nonce, audience = this.client.id, typ } = {}) {
    const [head, body, signature] = token.split('.');
    const header = decode(head);
    const key = (await this.keys()).keys.find(({ kid }) => kid === header.kid);
    assert(key, `no key ${header.kid} is published`);
    const { hash, options } = signatures[header.alg];
    const publicKey = { key: createPublicKey({ key, format: 'jwk' }), ...options };
    assert(verify(hash, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url')), 'the signature is wrong');
    const claims = decode(body);
    assert.equal(claims.iss, this.issuer);
    assert.deepEqual([claims.aud].flat(), [audience]);
    assert(claims.exp > Date.now() / 1000);
    if (nonce) assert.equal(claims.nonce, nonce);
    if (typ) assert.equal(header.typ, typ);
    return { header, claims };
  }

  #assertion() {
    const now = Math.floor(Date.now() / 1000);
    const { id, key } = this.client;
    const unsigned = [
      encode({ alg: 'ES256', kid: key.kid }),
      encode({ iss: id, sub: id, aud: this.issuer, jti: randomUUID(), iat: now, exp: now + 60 }),
    ].join('.');
    const signature = sign('sha256', Buffer.from(unsigned), {
      key: createPrivateKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363',
    });
    return `${unsigned}.${signature.toString('base64url')}`;
  }
}
