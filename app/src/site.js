// The script of every page: toasts, keyboard in menus, theme without a reload, and the islands where there are any.
const root = document.documentElement;
const self = document.querySelector("script[src][type=module]");
const toasts = document.getElementById("toasts");

// Toasts stay five seconds, and as long as somebody points at them or is among them.
toasts.classList.add("floating");
const expire = (toast) =>
  setTimeout(() => (toasts.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), 5000);
const keep = (toast) => {
  const close = document.createElement("button");
  close.type = "button";
  close.ariaLabel = "Close notification";
  close.textContent = "×";
  close.onclick = () => toast.remove();
  toast.append(close);
  expire(toast);
};
const show = (text, role) => {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.role = role;
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  toasts.append(toast);
  keep(toast);
};
const fail = () => show("We cannot be reached right now. Please try again in a moment.", "alert");
for (const toast of toasts.children) keep(toast);
document.addEventListener("ironleaf:error", (event) => show(event.detail, "alert"));
document.addEventListener("keydown", (event) => {
  if (event.altKey && event.code === "KeyT") {
    event.preventDefault();
    toasts.focus();
  }
});

// Menus open as popovers by themselves; this adds the arrow keys.
for (const menu of document.querySelectorAll("[role=menu]")) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const opener = document.querySelector(`[popovertarget=${menu.id}]`);
  const move = (to) => items[(to + items.length) % items.length].focus();
  menu.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    opener.ariaExpanded = open;
    if (open) move(0);
  });
  opener.ariaExpanded = false;
  opener.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      menu.showPopover();
    }
  });
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Tab") menu.hidePopover();
    else if (event.key.length === 1 && event.key !== " ") {
      const hit = items.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
      hit?.focus();
    }
  });
}

// The theme changes at once; the server is told so that it renders the next page in it.
document.querySelector("[data-theme-form]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const theme = event.submitter.value;
  root.classList.remove("light", "dark");
  if (theme !== "system") root.classList.add(theme);
  form.parentElement.hidePopover();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  fetch(form.action, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true })
    .then((response) => response.ok || fail(), fail);
});

// A page from the back-forward cache may be of somebody who has signed out since.
addEventListener("pageshow", (event) => event.persisted && location.reload());

const { islands, wasm } = self.dataset;
const ready = () => (root.dataset.hydrated = "");
const wake = async () => {
  const module = await import(islands);
  await module.default({ module_or_path: wasm });
  module.hydrate();
  for (const island of document.querySelectorAll("leptos-island")) await module[island.dataset.component]?.(island);
  ready();
};
if (!islands) ready();
else if ("requestIdleCallback" in window) requestIdleCallback(() => wake().catch(fail), { timeout: 2000 });
else setTimeout(() => wake().catch(fail));
