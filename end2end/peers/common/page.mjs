// Pages without any script, so that they work the same with and without JavaScript.

const css = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { box-sizing: border-box; width: min(26rem, 100vw); padding: 2rem 1.5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; }
p { margin: 0 0 1.25rem; }
form { display: grid; gap: .75rem; margin: 0 0 .75rem; }
label { display: grid; gap: .25rem; }
input, button { box-sizing: border-box; width: 100%; padding: .625rem .875rem; font: inherit; border: 1px solid GrayText;
  border-radius: .375rem; }
button { cursor: pointer; text-align: start; background: ButtonFace; color: ButtonText; }
button:hover { border-color: CanvasText; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
[role=alert] { padding: .625rem .875rem; border: 1px solid; border-radius: .375rem; }
`;

export const escape = (value) =>
  String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

// The empty icon keeps browsers from asking for /favicon.ico, which would be an error in their console.
export const page = (title, body) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>${css}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>
`;

export const send = (answer, status, html) => {
  answer.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  answer.end(html);
};

export const readForm = async (asked) => {
  let body = '';
  for await (const chunk of asked) body += chunk;
  return new URLSearchParams(body);
};
