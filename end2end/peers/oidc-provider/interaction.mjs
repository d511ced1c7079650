// The page on which a person says who they are. It needs no password and no JavaScript.

import { people } from '../common/people.mjs';
import { escape, page, readForm, send } from '../common/page.mjs';
import { grantEverything } from './configuration.mjs';

const choices = people
  .map(({ sub, name }) => `<button type="submit" name="person" value="${escape(sub)}">Continue as ${escape(name)}</button>`)
  .join('\n');

const pageFor = ({ prompt, params }) => page('Who are you?', `<p>${why(prompt)}</p>
<form method="post">
${choices}
</form>
<form method="post">
<button type="submit" name="cancel" value="yes">Cancel</button>
</form>
${params.login_hint ? `<p>Expected: ${escape(params.login_hint)}</p>` : ''}`);

const why = ({ reasons }) =>
  reasons.includes('no_session') ? 'Choose a person to sign in.' : 'Please sign in once more.';

/** Answers `GET` and `POST` of `/interaction/ID`. */
export async function interaction(provider, settings, asked, answer) {
  let details;
  try {
    details = await provider.interactionDetails(asked, answer);
  } catch (error) {
    if (error.name !== 'SessionNotFound') throw error;
    return send(answer, 400, page('This sign-in is over', '<p>Go back to the application and start once more.</p>'));
  }
  if (details.prompt.name === 'consent') return consent(provider, settings, details, asked, answer);
  if (asked.method !== 'POST') return send(answer, 200, pageFor(details));
  const form = await readForm(asked);
  if (form.has('cancel')) {
    return provider.interactionFinished(asked, answer, { error: 'access_denied', error_description: 'The person cancelled.' });
  }
  const person = people.find(({ sub }) => sub === form.get('person'));
  if (!person) return send(answer, 400, page('Nobody of that name', '<p>Go back and choose one of the people.</p>'));
  return provider.interactionFinished(asked, answer, { login: { accountId: person.sub, amr: ['pwd'] } });
}

// Only for `prompt=consent`: the library wants an interaction for it in any case, and this one asks nothing.
async function consent(provider, settings, details, asked, answer) {
  const { grantId: known, session, params } = details;
  const grant = (known && (await provider.Grant.find(known)))
    ?? new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const grantId = await grantEverything(grant, settings);
  return provider.interactionFinished(asked, answer, { consent: { grantId } });
}
