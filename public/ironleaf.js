// For front ends behind Ironleaf: import { api, session, signOut } from "/ironleaf.js". Types: ironleaf.d.ts. No token comes here.
const SAFE = /^(GET|HEAD|OPTIONS)$/;
const IDEMPOTENT = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/;
const LONGEST_WAIT_S = 30;

export class ApiError extends Error {
  constructor(status, { code, message = `answered ${status}`, sign_in }) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, signIn: sign_in });
  }
}

const failure = async (answer) => {
  const said = await answer.clone().json().catch(() => 0);
  return new ApiError(answer.status, said || {});
};

const waited = (seconds, signal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

/** `fetch` for APIs of this origin. */
export async function api(input, { signIn, ...init } = {}) {
  const request = new Request(input, { ...init, mode: "same-origin" });
  // No page of another site can send it.
  if (!SAFE.test(request.method)) request.headers.set("X-Requested-With", "ironleaf");
  const again = IDEMPOTENT.test(request.method) && request.clone();
  let answer = await fetch(request);
  const wait = answer.status === 503 && again && answer.headers.get("Retry-After");
  if (wait && wait <= LONGEST_WAIT_S) {
    await waited(wait, request.signal);
    answer = await fetch(again);
  }
  if (answer.status !== 401) return answer;
  const error = await failure(answer);
  // Otherwise it is the API's own.
  if (!/^\/\w/.test(error.signIn)) return answer;
  if (signIn) location.assign(error.signIn);
  else session().catch(() => {});
  throw error;
}

let known, tag, asking;

async function ask() {
  const answer = await api("/api/session", { headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 304) return known;
  if (!answer.ok) throw await failure(answer);
  const before = known;
  known = await answer.json();
  tag = answer.headers.get("ETag");
  if (before) dispatchEvent(new CustomEvent("ironleaf:session", { detail: known }));
  return known;
}

/** Who is signed in. */
export const session = () => (asking ??= ask().finally(() => (asking = undefined)));

/** Signs out, and leaves the page. */
export async function signOut() {
  const answer = await api("/api/sign-out", { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok) throw await failure(answer);
  location.assign((await answer.json()).next);
}
