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

// What to ask the browser for, or why not.
const begin = async (signal) => {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(words.begin, { method: "POST", body, headers: { accept: "application/json" }, signal });
  const { ask, next, message } = await answer.json();
  return ask ? { publicKey: read(JSON.parse(ask.options)), state: ask.state } : { next, message };
};
// Whether the form is being sent with an answer. The fields do not tell: a browser that goes back fills them in again.
let answered = false;
const send = (state, credential) => {
  fields.state.value = state;
  fields.passkey.value = written(credential);
  // The box of the other form is good for both.
  const box = document.querySelector("[type=checkbox][name=remember_me]");
  if (box) fields.remember_me.disabled = !box.checked;
  answered = true;
  form.requestSubmit();
  answered = false;
};
const reason = ({ name }) =>
  ({
    NotAllowedError: words.cancelled,
    InvalidStateError: kind === "create" ? words.known : words.failed,
    NotSupportedError: words.absent,
    ConstraintError: words.absent,
    SecurityError: words.elsewhere,
    TypeError: words.noAnswer,
    // The page of a gateway.
    SyntaxError: words.noAnswer,
  })[name] ?? words.failed;

// One question at a time: the next one ends the one before, wherever that is.
let turn;
const nextTurn = () => {
  turn?.abort();
  turn = new AbortController();
  return turn.signal;
};
const visible = () =>
  document.hidden && new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
// The browser offers passkeys among what it fills in. Nobody has asked for it, so nothing is said about a failure.
const offer = async () => {
  const signal = nextTurn();
  if (kind !== "get" || !(await Api.isConditionalMediationAvailable?.())) return;
  await visible();
  if (signal.aborted) return;
  const { publicKey, state } = await begin(signal);
  if (signal.aborted || !publicKey) return;
  setTimeout(() => signal.aborted || offerQuietly(), RENEW_MS);
  const found = await credentials.get({ publicKey, mediation: "conditional", signal });
  if (found && !signal.aborted) send(state, found);
};
const offerQuietly = () => offer().catch(() => {});

const ask = async (sender) => {
  sender.ariaBusy = sender.ariaDisabled = true;
  say("");
  nextTurn();
  let asked = {};
  let found;
  try {
    asked = await begin();
    if (asked.next) location.assign(asked.next);
    else if (asked.publicKey) found = await credentials[kind]({ publicKey: asked.publicKey });
    else say(asked.message ?? words.noAnswer);
  } catch (error) {
    say(reason(error));
  }
  // The script of every page sends nothing while a button is busy.
  sender.ariaBusy = sender.ariaDisabled = null;
  if (found) send(asked.state, found);
  else if (!asked.next) offerQuietly();
};

if (Api && credentials) {
  for (const absent of document.querySelectorAll("[data-no-passkeys]")) absent.hidden = true;
  fields.state.value = fields.passkey.value = "";
  part.hidden = false;
  form.addEventListener("submit", (event) => {
    if (answered) return;
    event.preventDefault();
    if (!event.submitter?.ariaBusy) ask(event.submitter ?? form.querySelector("[type=submit]"));
  });
  offerQuietly();
}
