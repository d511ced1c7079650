// A page of notes. It has no token and asks for none: `api` calls this origin, and the server attaches the token.
import { ApiError, api, session, signOut } from "/ironleaf.js";

const NOTES = "/api/notes/";
// What somebody types while their session ends is there again after they have signed in.
const DRAFT = "draft";

const element = (id) => document.getElementById(id);
const [who, signIn, message, form, text, list] = ["who", "sign-in", "message", "new-note", "text", "notes"].map(element);

const say = (words) => (message.textContent = words);

/** Calls the API. Whoever is signed out goes to the sign-in, and comes back here. */
async function call(path, init) {
  const answer = await api(path, { signIn: true, ...init });
  if (!answer.ok) throw new Error(`The notes answered with ${answer.status}.`);
  return answer;
}

/** Runs something, and says what went wrong. */
const trying = (run) => async (event) => {
  event?.preventDefault();
  try {
    await run();
  } catch (error) {
    const isSignedOut = error instanceof ApiError && error.code === "signed_out";
    say(isSignedOut ? "Please sign in again." : error.message);
  }
};

const count = () => say(list.children.length === 0 ? "There are no notes yet." : "");

async function show() {
  const { notes } = await (await call(NOTES)).json();
  list.replaceChildren(...notes.map(itemOf));
  count();
}

function itemOf(note) {
  const [item, words, remove] = ["li", "span", "button"].map((name) => document.createElement(name));
  words.textContent = note.text;
  remove.type = "button";
  remove.textContent = "Delete";
  remove.ariaLabel = `Delete ${note.text}`;
  remove.addEventListener("click", trying(async () => {
    await call(`${NOTES}${note.id}`, { method: "DELETE" });
    item.remove();
    count();
  }));
  item.append(words, remove);
  return item;
}

async function add() {
  sessionStorage.setItem(DRAFT, text.value);
  const body = JSON.stringify({ text: text.value });
  const answer = await call(NOTES, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  list.append(itemOf(await answer.json()));
  sessionStorage.removeItem(DRAFT);
  text.value = "";
  count();
}

/** Shows the page as it is for whoever is signed in, or for nobody. */
async function render(now) {
  who.textContent = now.signed_in ? (now.user.email ?? now.user.id) : "";
  for (const shown of [element("sign-out"), form]) shown.hidden = !now.signed_in;
  signIn.hidden = now.signed_in;
  list.replaceChildren();
  if (!now.signed_in) return say("Sign in to see your notes.");
  text.value = sessionStorage.getItem(DRAFT) ?? "";
  await show();
}

form.addEventListener("submit", trying(add));
element("sign-out").addEventListener("click", trying(signOut));
// Somebody who comes back to this tab may have signed out in another one.
document.addEventListener("visibilitychange", trying(async () => {
  if (document.visibilityState === "visible") await session();
}));
addEventListener("ironleaf:session", ({ detail }) => trying(() => render(detail))());
await trying(async () => render(await session()))();
