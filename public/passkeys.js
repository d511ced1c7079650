// Passkeys: the button and the autofill of the sign-in page, and the form that adds one. The page has the words.
const part = document.querySelector("[data-passkey]");
const form = part.querySelector("form");
const words = part.dataset;
const kind = words.passkey;
const fields = form.elements;
const credentials = navigator.credentials;
const Api = window.PublicKeyCredential;
/** Before the request is over, which is after ten minutes. */
const RENEW_MS = 480_000;

const say = (text) => (part.querySelector("[role=alert]").textContent = text);
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const listed = (list) => list?.map((item) => ({ ...item, id: bytes(item.id) }));

// As `parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON` and `toJSON` do, which some browsers and password managers
// do not have.
const read = ({ challenge, user, excludeCredentials, ...rest }) => ({
  ...rest,
  challenge: bytes(challenge),
  ...(user && { user: { ...user, id: bytes(user.id) }, excludeCredentials: listed(excludeCredentials) }),
});
const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
const written = ({ id, rawId, type, response }) => {
  const parts = PARTS.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  const whole = { id, rawId: text(rawId), type, clientExtensionResults: {}, response: Object.fromEntries(parts) };
  return JSON.stringify(whole);
};

// What to ask the browser for. `undefined` if the page is being left, or has said why not.
const begin = async () => {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(words.begin, { method: "POST", body, headers: { accept: "application/json" } });
  const { ask, next, message } = await answer.json();
  if (ask) return { publicKey: read(JSON.parse(ask.options)), state: ask.state };
  if (next) location.assign(next);
  return void say(message);
};
const send = (state, credential) => {
  fields.state.value = state;
  fields.passkey.value = written(credential);
  // The box of the other form is good for both.
  const box = document.querySelector("[type=checkbox][name=remember_me]");
  if (box) fields.remember_me.disabled = !box.checked;
  form.requestSubmit();
};
const reason = ({ name }) =>
  ({
    NotAllowedError: words.cancelled,
    InvalidStateError: words.known,
    NotSupportedError: words.absent,
    ConstraintError: words.absent,
    SecurityError: words.elsewhere,
    TypeError: words.noAnswer,
  })[name] ?? words.failed;

// The browser offers passkeys among what it fills in. It asks nobody, so nothing is said about a failure.
let waiting;
const visible = () =>
  document.hidden && new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
const offer = async () => {
  if (kind !== "get" || !(await Api.isConditionalMediationAvailable?.())) return;
  for (let renewed = true; renewed; ) {
    renewed = false;
    await visible();
    const asked = await begin();
    if (!asked) return;
    const { publicKey, state } = asked;
    const turn = (waiting = new AbortController());
    setTimeout(() => {
      renewed = waiting === turn;
      turn.abort();
    }, RENEW_MS);
    const found = await credentials.get({ publicKey, mediation: "conditional", signal: turn.signal }).catch(() => {});
    if (found) return send(state, found);
  }
};

const ask = async (sender) => {
  sender.ariaBusy = sender.ariaDisabled = true;
  say("");
  waiting?.abort();
  waiting = undefined;
  let asked, found;
  try {
    asked = await begin();
    found = asked && (await credentials[kind]({ publicKey: asked.publicKey }));
  } catch (error) {
    say(reason(error));
    offer().catch(() => {});
  }
  // The script of every page sends nothing while a button is busy.
  sender.ariaBusy = sender.ariaDisabled = null;
  if (found) send(asked.state, found);
};

if (Api && credentials) {
  for (const absent of document.querySelectorAll("[data-no-passkeys]")) absent.hidden = true;
  part.hidden = false;
  form.addEventListener("submit", (event) => {
    if (fields.passkey.value) return;
    event.preventDefault();
    if (!event.submitter.ariaBusy) ask(event.submitter);
  });
  offer().catch(() => {});
}
