// The application around the gem: its URLs, and the checks that the gem does before each action.

import { people } from '../common/people.mjs';
import { matches, verify } from './tokens.mjs';

/** Everybody's password. */
export const PASSWORD = 'password1';

const SAFE = ['GET', 'HEAD'];
const WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE'];

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function application(settings, sessions) {
  const cookies = (asked) => Object.fromEntries((asked.headers.cookie ?? '').split(/; */).map((pair) => pair.split(/=(.*)/s)));

  // A header hides a cookie unless it is empty. With a cookie, all but GET and HEAD need the CSRF value.
  function authorized(asked, kind) {
    const [header, cookie, find] = kind === 'access'
      ? [settings.accessHeader, settings.accessCookie, (claims) => sessions.ofAccessToken(claims)]
      : [settings.refreshHeader, settings.refreshCookie, (claims) => sessions.ofRefreshToken(claims)];
    const ofHeader = asked.headers[header]?.split(' ').at(-1);
    const token = ofHeader || cookies(asked)[cookie];
    if (!token) throw new Refused(401, 'Token is not found');
    const { claims, fault } = verify(token);
    if (!claims) throw new Refused(401, fault);
    const session = find(claims);
    if (!session) throw new Refused(401, 'Session not found');
    const needsCsrf = !ofHeader && !SAFE.includes(asked.method);
    if (needsCsrf && !matches(session.csrf, asked.headers[settings.csrfHeader])) throw new Refused(401, 'CSRF token is invalid');
    return session;
  }

  function tokens(answer, issued) {
    if (settings.tokensIn === 'body') return issued;
    const { access, refresh, ...rest } = issued;
    const give = (name, value) => value && `${name}=${value}; Path=/; HttpOnly; SameSite=Lax`;
    answer.setHeader('set-cookie', [give(settings.accessCookie, access), give(settings.refreshCookie, refresh)].filter(Boolean));
    return rest;
  }

  const actions = {
    'POST /login': (asked, body, answer) => {
      const person = people.find(({ email, username }) => body.email && [email, username].includes(body.email));
      // `User.find_by!`, as in the gem's README.
      if (!person) throw new Refused(404, 'Not Found');
      if (body.password !== PASSWORD) throw new Refused(401, 'Not authorized');
      return tokens(answer, sessions.login(person));
    },
    'POST /refresh': (asked, body, answer) => {
      const session = authorized(asked, 'refresh');
      if (settings.hasReuseHandler && sessions.accessLives(session)) {
        sessions.reported += 1;
        sessions.end(session);
        throw new Refused(401, 'Malicious activity');
      }
      return tokens(answer, sessions.refresh(session));
    },
    'DELETE /logout': (asked) => {
      sessions.end(authorized(asked, 'refresh'));
      return 'ok';
    },
    'GET /me': (asked) => {
      const { sub: id, email, name, roles } = authorized(asked, 'access').person;
      return { id, email, name, roles };
    },
    // In the header in which it is sent back, too: of other answers than those with tokens, Ironleaf believes the header alone.
    'GET /csrf': (asked, body, answer) => {
      const csrf = sessions.csrf(authorized(asked, 'access'));
      answer.setHeader(settings.csrfHeader, csrf);
      return { csrf };
    },
  };

  return async (asked, answer) => {
    // Servers of Ruby send no `Date`.
    answer.sendDate = false;
    try {
      const { pathname } = new URL(asked.url, 'http://peer');
      const hasLength = 'content-length' in asked.headers || 'transfer-encoding' in asked.headers;
      if (!hasLength && WITH_BODY.includes(asked.method)) throw new Refused(411, 'Length Required');
      const action = pathname === '/notes'
        ? () => ({ by: authorized(asked, 'access').person.sub })
        : actions[`${asked.method} ${pathname}`];
      if (!action) throw new Refused(404, 'Not Found');
      const body = await bodyOf(asked);
      respond(answer, 200, 'application/json', JSON.stringify(action(asked, body, answer)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (settings.failures === 'html') respond(answer, error.status, 'text/html', `<!DOCTYPE html><title>${error.status}</title><h1>${error.message}</h1>\n`);
      else respond(answer, error.status, 'text/plain', error.message);
    }
  };
}

function respond(answer, status, type, body) {
  answer.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-length': Buffer.byteLength(body) });
  answer.end(body);
}

async function bodyOf(asked) {
  let text = '';
  for await (const chunk of asked) text += chunk;
  try {
    return JSON.parse(text || '{}');
  } catch {
    throw new Refused(400, 'Bad Request');
  }
}
