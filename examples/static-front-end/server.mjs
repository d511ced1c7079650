// Both servers of the example in one: the files of the front end, and an API that wants an access token. Node 20 or later,
// no packages. Neither knows Ironleaf: the files would be as well on any other server, and so would the API.

import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const PORT = Number(process.env.PORT ?? 4000);
/** The keys of whoever issues the access tokens: here, the core API that `cargo xtask serve` starts. */
const KEYS_URL = process.env.KEYS_URL ?? 'http://127.0.0.1:3001/v1/auth/jwks';

const FOLDER = new URL('./app/', import.meta.url);
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' };
/** Only these names are served, so no path leads out of the folder. */
const FILES = new Set(readdirSync(FOLDER).filter((name) => extname(name) in TYPES));

const MAX_BODY_BYTES = 4096;
const MAX_TEXT_LENGTH = 200;
const MAX_NOTES = 100;
const KEYS_ARE_ASKED_FOR_EVERY_MS = 10_000;

/** The notes of each person, by the `sub` of their token. */
const notes = new Map();

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// The front end

async function serveFile(request, response, path) {
  const name = path === '' ? 'index.html' : path;
  if (!FILES.has(name)) throw new Refused(404, 'There is no such file.');
  const content = await readFile(new URL(name, FOLDER));
  const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Cache-Control', 'no-cache');
  if (request.headers['if-none-match'] === tag) return response.writeHead(304).end();
  response.writeHead(200, { 'Content-Type': TYPES[extname(name)], 'Content-Length': content.length });
  response.end(request.method === 'HEAD' ? undefined : content);
}

// The API

let keys = new Map();
let askedAt = -Infinity;

/** The key with this identifier. An unknown one is asked for, but not for every token that somebody makes up. */
async function keyOf(id) {
  if (!keys.has(id) && Date.now() - askedAt > KEYS_ARE_ASKED_FOR_EVERY_MS) {
    askedAt = Date.now();
    const answer = await fetch(KEYS_URL);
    const set = await answer.json();
    keys = new Map(set.keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
  }
  return keys.get(id);
}

function decoded(part) {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    throw new Refused(401, 'The access token cannot be read.');
  }
}

/** The person whose access token came along (RFC 8725: one algorithm, one type, one issuer's keys). */
async function personOf(request) {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (!token) throw new Refused(401, 'An access token is missing.');
  const [head, claims, signature] = token.split('.');
  const { alg, typ, kid } = decoded(head);
  const key = alg === 'EdDSA' && typ === 'JWT' ? await keyOf(kid) : undefined;
  const isGenuine = key && verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
  if (!isGenuine) throw new Refused(401, 'The access token is not genuine.');
  const { sub, exp } = decoded(claims);
  if (!(exp * 1000 > Date.now())) throw new Refused(401, 'The access token has expired.');
  return sub;
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    if ((size += chunk.length) > MAX_BODY_BYTES) throw new Refused(413, 'The note is too long.');
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refused(400, 'The body is not JSON.');
  }
}

function send(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(value === undefined ? undefined : JSON.stringify(value));
}

async function serveNotes(request, response, id) {
  const person = await personOf(request);
  const theirs = notes.get(person) ?? [];
  switch (`${request.method} ${id === '' ? 'all' : 'one'}`) {
    case 'GET all':
      return send(response, 200, { notes: theirs });
    case 'POST all': {
      const text = (await bodyOf(request))?.text;
      if (typeof text !== 'string' || text === '' || text.length > MAX_TEXT_LENGTH) {
        throw new Refused(400, `A note has 1 to ${MAX_TEXT_LENGTH} characters.`);
      }
      if (theirs.length >= MAX_NOTES) throw new Refused(409, `There are ${MAX_NOTES} notes already.`);
      const note = { id: randomUUID(), text };
      notes.set(person, [...theirs, note]);
      return send(response, 201, note);
    }
    case 'DELETE one':
      if (!theirs.some((note) => note.id === id)) throw new Refused(404, 'There is no such note.');
      notes.set(person, theirs.filter((note) => note.id !== id));
      return response.writeHead(204).end();
    default:
      throw new Refused(405, 'Notes are not used like that.');
  }
}

async function serve(request, response) {
  const path = new URL(request.url, 'http://localhost').pathname;
  const [, place, rest] = /^\/(app|notes)\/(.*)$/.exec(path) ?? [];
  if (place === 'notes') return serveNotes(request, response, rest);
  if (place === 'app') return serveFile(request, response, rest);
  throw new Refused(404, 'There is nothing here.');
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    if (!(error instanceof Refused)) console.error(error);
    const status = error.status ?? 500;
    send(response, status, { message: error instanceof Refused ? error.message : 'Something went wrong.' });
  });
});
server.listen(PORT, '127.0.0.1', () => console.log(`Front end and API are at http://127.0.0.1:${PORT}`));
