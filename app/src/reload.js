// Development only: follows the changes that the build announces. A style is swapped in place, everything else reloads
// the page.
const { reloadAddress } = document.querySelector("[data-reload-address]").dataset;
const listen = () => {
  const socket = new WebSocket(`ws://${reloadAddress}/live_reload`);
  socket.onmessage = ({ data }) => {
    const { css, all, view } = JSON.parse(data);
    if (css) {
      for (const link of document.querySelectorAll("link[rel=stylesheet]")) {
        link.href = `/${css}?at=${Date.now()}`;
      }
    }
    if (all || view) location.reload();
  };
  socket.onclose = () => setTimeout(listen, 500);
};
listen();
