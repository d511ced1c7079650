// The script of every page: toasts, menus, theme, forms outside islands, and the islands where there are any.
// All of it makes nicer what works without it.
const root = document.documentElement;
const script = document.querySelector("script[data-src]");
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

// Toasts stay five seconds, and as long as somebody points at them or is among them.
let cameFrom;
const expire = (toast) =>
  setTimeout(() => (toasts.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), 5000);
const keep = (toast, line) => {
  const close = button("", "×");
  close.ariaLabel = "Close notification";
  on("click", () => {
    toast.remove();
    (toasts.firstElementChild ? toasts : cameFrom)?.focus();
  }, close);
  toast.append(close);
  // A screen reader speaks what changes in a live region, not what the region came with.
  setTimeout(() => toast.replaceChildren(line, close), 100);
  expire(toast);
};
const show = (text) => {
  // The same again takes the place of what is there.
  for (const toast of [...toasts.children]) if (toast.firstElementChild.textContent === text) toast.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.role = "alert";
  const line = document.createElement("p");
  line.textContent = text;
  toasts.append(toast);
  keep(toast, line);
};
const fail = () => show("We cannot be reached right now. Please try again in a moment.");
toasts.classList.add("floating");
for (const toast of toasts.children) keep(toast, toast.firstElementChild.cloneNode(true));
on("ironleaf:error", (event) => show(event.detail));
on("keydown", (event) => {
  if (event.altKey && event.code === "KeyT") {
    event.preventDefault();
    if (!toasts.contains(document.activeElement)) cameFrom = document.activeElement;
    toasts.focus();
  }
});

// Menus are popovers, so Escape and a click outside close them; this adds the other keys.
for (const menu of all("[role=menu]")) {
  const items = all("[role=menuitem]", menu);
  const opener = document.querySelector(`[popovertarget=${menu.id}]`);
  const move = (to) => items.at(to % items.length).focus();
  opener.ariaExpanded = false;
  on("toggle", ({ newState }) => {
    opener.ariaExpanded = newState === "open";
    if (newState === "open") move(0);
    // Not every browser gives the focus back to a button that was clicked.
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

// The theme changes at once; the server is told so that it renders the next page in it.
for (const form of all("[data-theme-form]")) {
  on("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    root.classList.remove("light", "dark");
    if (theme !== "system") root.classList.add(theme);
    form.parentElement.hidePopover();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    fetch(form.action, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true })
      .then((response) => response.ok || fail(), fail);
  }, form);
}

// Passwords can be shown, and are hidden again before a browser gets to remember them as text.
for (const input of all("form input[type=password]")) {
  const rest = document.createElement("span");
  rest.className = "visually-hidden";
  rest.textContent = ` ${input.labels[0].textContent.toLowerCase()}`;
  const toggle = button("reveal", "Show", rest);
  const reveal = (shown) => {
    input.type = shown ? "text" : "password";
    // A new text each time: whoever translates the page has put others in the place of ours.
    toggle.replaceChildren(shown ? "Hide" : "Show", rest);
  };
  // A spelling checker may send what it checks to its maker.
  input.spellcheck = false;
  toggle.setAttribute("aria-controls", input.id);
  on("click", () => reveal(input.type === "password"), toggle);
  on("submit", () => reveal(false), input.form);
  reveal(false);
  input.after(toggle);
}

// A form is sent once. An island that sends it itself prevents the default of `formsend`.
const mark = (sender, busy) => {
  sender.ariaBusy = sender.ariaDisabled = busy;
  for (const status of all("[data-busy]", sender.form)) {
    [status.textContent, status.dataset.busy] = [status.dataset.busy, status.textContent];
  }
};
on("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.querySelector("[aria-busy]")) return event.preventDefault();
  mark(event.submitter ?? form.querySelector("[type=submit]"), true);
  if (!form.dispatchEvent(new Event("formsend", { bubbles: true, cancelable: true }))) return event.preventDefault();
  // Where one comes back to has its fragment, which no server is told of: a redirect hands it on.
  if (form.querySelector("[name=return_to]")) form.action = form.action.split("#")[0] + location.hash;
});
// A page that was to be left and is still there: its forms, also those in islands, can be sent again.
const release = () => {
  for (const sender of all("button[aria-busy]")) mark(sender, null);
};
window.navigation?.addEventListener("navigateerror", release);
on("ironleaf:release", release);

// What an e-mailed link leads to goes on by itself, but not in a tab that nobody has looked at.
const send = () => {
  const form = document.querySelector("[data-auto-submit]");
  if (!form || document.hidden || document.prerendering) return;
  form.removeAttribute("data-auto-submit");
  form.requestSubmit();
};
on("visibilitychange", send);
on("prerenderingchange", send);
send();

// For browsers without invoker commands.
if (!("command" in HTMLButtonElement.prototype)) {
  on("click", ({ target }) => {
    const invoker = target.closest("[commandfor]");
    const dialog = invoker && document.getElementById(invoker.getAttribute("commandfor"));
    dialog?.[invoker.getAttribute("command") === "close" ? "close" : "showModal"]();
  });
}

// A page from the back-forward cache may be of somebody who has signed out since.
on("pageshow", (event) => {
  if (!event.persisted) return;
  release();
  location.reload();
}, window);

const { islands, wasm } = script.dataset;
const ready = () => (root.dataset.hydrated = "");
// Between two steps the browser may do what somebody waits for.
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
// A page whose islands cannot be had still works, so the person is not told.
if (!islands) ready();
else if (window.requestIdleCallback) requestIdleCallback(() => wake().catch(console.error), { timeout: 2000 });
else setTimeout(() => wake().catch(console.error));
