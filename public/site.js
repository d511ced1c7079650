// The script of every page: toasts, menus, theme, forms, islands. Pages work without it.
const root = document.documentElement;
const script = document.querySelector("script[data-src]");
// In the language of the page.
const words = script.dataset;
const toasts = document.getElementById("toasts");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const on = (type, run, where = document) => where.addEventListener(type, run);
const button = (className, ...content) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.append(...content);
  return made;
};

// A toast stays five seconds, or longer while it has pointer or focus.
let cameFrom;
const expire = (toast) =>
  setTimeout(() => (toasts.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), 5000);
const keep = (toast, line) => {
  const close = button("", "×");
  close.ariaLabel = words.close;
  on("click", () => {
    toast.remove();
    (toasts.firstElementChild ? toasts : cameFrom)?.focus();
  }, close);
  toast.append(close);
  // Screen readers speak what changes in a live region.
  setTimeout(() => toast.replaceChildren(line, close), 100);
  expire(toast);
};
const show = (text) => {
  // Replaces the same text.
  for (const toast of [...toasts.children]) if (toast.firstElementChild.textContent === text) toast.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.role = "alert";
  const line = document.createElement("p");
  line.textContent = text;
  toasts.append(toast);
  keep(toast, line);
};
const fail = () => show(words.noAnswer);
toasts.classList.add("floating");
for (const toast of toasts.children) keep(toast, toast.firstElementChild.cloneNode(true));
on("ironleaf:error", (event) => show(event.detail || words.noAnswer));
on("keydown", (event) => {
  if (event.altKey && event.code === "KeyT") {
    event.preventDefault();
    if (!toasts.contains(document.activeElement)) cameFrom = document.activeElement;
    toasts.focus();
  }
});

// Menus are popovers. This adds the arrow keys and letters.
for (const menu of all("[role=menu]")) {
  const items = all("[role=menuitem]", menu);
  const opener = document.querySelector(`[popovertarget=${menu.id}]`);
  const move = (to) => items.at(to % items.length).focus();
  opener.ariaExpanded = false;
  on("toggle", ({ newState }) => {
    opener.ariaExpanded = newState === "open";
    if (newState === "open") move(0);
    // Some browsers do not restore the focus.
    else if (document.activeElement === document.body) opener.focus();
  }, menu);
  on("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    menu.showPopover();
  }, opener);
  on("keydown", (event) => {
    const { key } = event;
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[key];
    if (key === "Tab") menu.hidePopover();
    else if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (key.length === 1 && key !== " " && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const next = [...items.slice(at + 1), ...items];
      next.find((item) => item.innerText.trim().toLowerCase().startsWith(key.toLowerCase()))?.focus();
    }
  }, menu);
}

// The theme changes at once; the server renders the next page in it.
for (const form of all("[data-theme-form]")) {
  on("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    root.classList.remove("light", "dark");
    if (theme !== "system") root.classList.add(theme);
    form.parentElement.hidePopover();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    // The answer is read to its end, because Chromium counts the request as open until then.
    fetch(form.action, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true })
      .then((response) => response.text().then(() => response.ok || fail()))
      .catch(fail);
  }, form);
}

// A shown password is hidden again before the browser can remember it as text.
for (const input of all("form input[type=password]")) {
  const rest = document.createElement("span");
  rest.className = "visually-hidden";
  const label = input.labels[0].textContent;
  rest.textContent = words.which.replace("label", () => label.toLowerCase()).replace("Label", () => label);
  const toggle = button("reveal", words.show, rest);
  const reveal = (shown) => {
    input.type = shown ? "text" : "password";
    // New text each time: a page translator replaces text nodes.
    toggle.replaceChildren(shown ? words.hide : words.show, rest);
  };
  // A spelling checker may send its text away.
  input.spellcheck = false;
  toggle.setAttribute("aria-controls", input.id);
  on("click", () => reveal(input.type === "password"), toggle);
  on("submit", () => reveal(false), input.form);
  reveal(false);
  input.after(toggle);
}

// A form is sent once. An island that sends it prevents the default of `formsend`.
const mark = (sender, busy) => {
  sender.ariaBusy = sender.ariaDisabled = busy;
  for (const status of all("[data-busy]", sender.form)) {
    [status.textContent, status.dataset.busy] = [status.dataset.busy, status.textContent];
  }
};
on("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.target) return;
  if ([...form.elements].some((element) => element.ariaBusy)) return event.preventDefault();
  mark(event.submitter ?? form.querySelector("[type=submit]"), true);
  if (!form.dispatchEvent(new Event("formsend", { bubbles: true, cancelable: true }))) return event.preventDefault();
  // A redirect keeps the fragment, which the server does not see. On the way to a provider and back, this tab keeps it.
  const place = form.querySelector("[name=return_to]");
  if (place) {
    form.setAttribute("action", form.getAttribute("action").split("#")[0] + location.hash);
    if (location.hash) remembered((tab) => tab.setItem(place.value, location.hash));
  }
});
// Browsers that keep no cookies may keep nothing here either.
const remembered = (use) => {
  try {
    return use(sessionStorage);
  } catch {}
};
const here = location.pathname + location.search;
const fragment = remembered((tab) => tab.getItem(here));
if (fragment) {
  remembered((tab) => tab.removeItem(here));
  if (!location.hash) location.replace(fragment);
}
// The page stays: its forms can be sent again.
const release = () => {
  for (const sender of all("button[aria-busy]")) mark(sender, null);
};
window.navigation?.addEventListener("navigateerror", release);
on("ironleaf:release", release);

// The page of an e-mailed link continues by itself in a visible tab.
const send = () => {
  const form = document.querySelector("[data-auto-submit]");
  if (!form || document.hidden || document.prerendering) return;
  form.removeAttribute("data-auto-submit");
  form.requestSubmit();
};
on("visibilitychange", send);
on("prerenderingchange", send);
send();

// Two minutes before a session ends that nothing prolongs, a note offers another one, in a new tab. Tabs tell each other
// when theirs ends.
const note = document.querySelector("[data-left]");
if (note) {
  let end = Date.now() + note.dataset.left * 1000;
  const tabs = new BroadcastChannel("ironleaf-session-end");
  const look = () => {
    const [{ content }, shown] = note.children;
    if (Date.now() < end - 120000) shown?.remove();
    else if (!shown) note.append(content.cloneNode(true));
  };
  tabs.onmessage = ({ data }) => {
    end = Math.max(end, data);
    look();
  };
  tabs.postMessage(end);
  look();
  setInterval(look, 5000);
}

// For browsers without invoker commands.
if (!("command" in HTMLButtonElement.prototype)) {
  on("click", ({ target }) => {
    const invoker = target.closest("[commandfor]");
    const dialog = invoker && document.getElementById(invoker.getAttribute("commandfor"));
    dialog?.[invoker.getAttribute("command") === "close" ? "close" : "showModal"]();
  });
}

// Since this page was cached, its user may have signed out.
on("pageshow", (event) => {
  if (!event.persisted) return;
  release();
  location.reload();
}, window);

const { islands, wasm } = words;
const ready = () => (root.dataset.hydrated = "");
// Lets the browser handle input between two steps.
const pause = () => new Promise((done) => setTimeout(done));
const wake = async () => {
  const module = await import(islands);
  await module.default({ module_or_path: wasm });
  await pause();
  module.hydrate();
  for (const island of all("leptos-island")) {
    await pause();
    await module[island.dataset.component]?.(island);
  }
  ready();
};
// Without its islands a page still works, so no message.
if (!islands) ready();
else if (window.requestIdleCallback) requestIdleCallback(() => wake().catch(console.error), { timeout: 2000 });
else setTimeout(() => wake().catch(console.error));
