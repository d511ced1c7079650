// As much of a browser as a sign-in without JavaScript needs: cookies, redirects, forms. Not by `fetch`, which says `Sec-Fetch-Mode: cors`
// of itself: better-auth then answers with JSON where a browser gets a redirect.

import { request } from 'node:http';
import { text } from 'node:stream/consumers';

const navigation = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};

const flat = ({ rawHeaders }) => rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name, rawHeaders[at + 1]]]));

export class Browser {
  #jar = new Map();

  get cookies() {
    return [...this.#jar.values()];
  }

  /** One request, no redirect followed. Gives status, headers and text. */
  async request(url, { method = 'GET', form } = {}) {
    const target = new URL(url);
    const headers = { ...navigation };
    const cookie = this.#cookieFor(target);
    if (cookie) headers.cookie = cookie;
    if (form) Object.assign(headers, { 'content-type': 'application/x-www-form-urlencoded', origin: target.origin });
    const answer = await new Promise((resolve, reject) => {
      request(target, { method, headers }, resolve).on('error', reject).end(form && new URLSearchParams(form).toString());
    });
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(target, line);
    return { url: target.href, status: answer.statusCode, headers: new Headers(flat(answer)), text: await text(answer) };
  }

  /** Follows redirects until a page comes, or one that goes to an address that starts with `until`. */
  async open(url, { until, ...options } = {}) {
    let answer = await this.request(url, options);
    for (let hops = 0; answer.status >= 300 && answer.status < 400; hops += 1) {
      if (hops > 10) throw new Error(`too many redirects from ${url}`);
      const next = new URL(answer.headers.get('location'), answer.url);
      if (until && next.href.startsWith(until)) return { ...answer, arrived: next };
      answer = await this.request(next);
    }
    return answer;
  }

  /** Presses a button by its words. The answer of the form is followed as by `open`. */
  press(answer, words, { until, fill = {} } = {}) {
    const { action, method, fields } = formOf(answer.text, words);
    const form = { ...fields, ...fill };
    const url = new URL(action || answer.url, answer.url);
    if (method === 'GET') url.search = new URLSearchParams(form);
    return this.open(url, { method, form: method === 'GET' ? undefined : form, until });
  }

  #cookieFor({ hostname, pathname }) {
    return this.cookies
      .filter((one) => one.host === hostname && (pathname === one.path || pathname.startsWith(one.path.replace(/\/?$/, '/'))))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep({ hostname, pathname }, line) {
    const [pair, ...attributes] = line.split(/;\s*/);
    const [name, ...rest] = pair.split('=');
    const attribute = (wanted) => attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute('path') ?? (pathname.replace(/\/[^/]*$/, '') || '/');
    const key = `${hostname} ${path} ${name}`;
    const gone = attribute('max-age') === '0' || new Date(attribute('expires') ?? '9999').getTime() <= Date.now();
    if (gone) this.#jar.delete(key);
    else this.#jar.set(key, { host: hostname, path, name, value: rest.join('='), attributes });
  }
}

const attributeOf = (tag, name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  ?.replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(code))
  .replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&#39;/g, "'").replace(/&amp;/g, '&');

// The form that a button belongs to: the one around it, or the one that its `form` attribute names.
function formOf(html, words) {
  const button = [...html.matchAll(/<button[^>]*>([^<]*)<\/button>/g)].find(([, label]) => label.trim() === words);
  if (!button) throw new Error(`no button "${words}" in:\n${html}`);
  const forms = [...html.matchAll(/(<form[^>]*>)([\s\S]*?)<\/form>/g)];
  const id = attributeOf(button[0], 'form');
  const form = forms.find(([all, tag]) => (id ? attributeOf(tag, 'id') === id : all.includes(button[0])));
  const fields = {};
  for (const [tag] of form[2].matchAll(/<input[^>]*>/g)) {
    const name = attributeOf(tag, 'name');
    if (name) fields[name] = attributeOf(tag, 'value') ?? '';
  }
  if (attributeOf(button[0], 'name')) fields[attributeOf(button[0], 'name')] = attributeOf(button[0], 'value') ?? '';
  return { action: attributeOf(form[1], 'action'), method: (attributeOf(form[1], 'method') ?? 'get').toUpperCase(), fields };
}
