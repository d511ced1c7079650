// The pages to which better-auth sends people: it has none of its own. They work without JavaScript.

import { escape, page, readForm, send } from '../common/page.mjs';
import { members, password } from './auth.mjs';

const choices = members
  .map(({ email, name }) => `<button type="submit" name="person" value="${escape(email)}">Continue as ${escape(name)}</button>`)
  .join('\n');

const query = (value) => `<input type="hidden" name="query" value="${escape(value)}">`;

const signInPage = (signed, alert = '') => page('Sign in', `${alert}
<form method="post">
${query(signed)}
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>
<p>Everybody's password is <code>${escape(password)}</code>, and nobody has to type it:</p>
<form method="post">
${query(signed)}
${choices}
</form>
<form method="post">
${query(signed)}
<button type="submit" name="cancel" value="yes">Cancel</button>
</form>`);

const consentPage = (signed) => page('Allow access?', `<p>Ironleaf asks for: ${escape(new URLSearchParams(signed).get('scope'))}</p>
<form method="post">
${query(signed)}
<button type="submit" name="accept" value="yes">Allow</button>
<button type="submit" name="accept" value="no">Deny</button>
</form>`);

/** Answers `/sign-in` and `/consent`, or gives `false`. The signed request travels in the query, and comes back with the form. */
export async function pages(auth, settings, asked, answer) {
  const url = new URL(asked.url, settings.issuer);
  const shown = { '/sign-in': signInPage, '/consent': consentPage }[url.pathname];
  if (!shown) return false;
  if (asked.method !== 'POST') return send(answer, 200, shown(url.search.slice(1)));
  const form = await readForm(asked);
  const signed = form.get('query') ?? '';
  if (form.has('cancel')) return cancel(settings, signed, answer);
  const call = url.pathname === '/consent'
    ? { path: '/oauth2/consent', body: { accept: form.get('accept') === 'yes', oauth_query: signed } }
    : { path: '/sign-in/email', body: { ...credentials(form), oauth_query: signed } };
  const outcome = await ask(auth, settings, asked, call);
  return proceed(outcome, answer, (message) => signInPage(signed, `<p role="alert">${escape(message)}</p>`));
}

const credentials = (form) => ({
  email: form.get('person') ?? form.get('email'),
  password: form.has('person') ? password : form.get('password'),
});

// The library's endpoints take JSON, as a script in the page would send it.
async function ask(auth, { issuer }, asked, { path, body }) {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json', origin: new URL(issuer).origin });
  if (asked.headers.cookie) headers.set('cookie', asked.headers.cookie);
  return auth.handler(new Request(`${issuer}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function proceed(outcome, answer, again) {
  const told = await outcome.json();
  const location = told?.url ?? told?.redirect_uri;
  if (!location) return send(answer, outcome.status, again(told?.message ?? told?.error ?? 'That did not work.'));
  for (const cookie of outcome.headers.getSetCookie()) answer.appendHeader('set-cookie', cookie);
  answer.writeHead(303, { location, 'cache-control': 'no-store' });
  return answer.end();
}

// The library knows no way to say no before somebody is signed in, so this answer is written here (RFC 6749, 4.1.2.1; RFC 9207).
function cancel({ client, issuer }, signed, answer) {
  const asked = new URLSearchParams(signed);
  if (!client.redirectUris.includes(asked.get('redirect_uri'))) {
    return send(answer, 400, page('This sign-in is over', '<p>Go back to the application and start once more.</p>'));
  }
  const location = new URL(asked.get('redirect_uri'));
  location.searchParams.set('error', 'access_denied');
  location.searchParams.set('error_description', 'The person cancelled.');
  if (asked.has('state')) location.searchParams.set('state', asked.get('state'));
  location.searchParams.set('iss', issuer);
  answer.writeHead(303, { location: location.href, 'cache-control': 'no-store' });
  return answer.end();
}
