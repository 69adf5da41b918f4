// The page's side of the portal's frame: the message protocol, the short-lived token, and the few manners of the page.
// Nothing here is kept in a cookie or in storage: the token lives in a variable of this module and dies with the page.

/** Talks to the portal page around us: `command[:JSON]:callback:APP_SID` up, `callback:JSON` down. */
class PortalFrame {
  #waiting = new Map();
  #count = 0;

  constructor(name) {
    const [domain, protocol, sid] = name.split('|');
    this.inside = Boolean(domain && sid && window.parent !== window);
    if (!this.inside) return;
    this.sid = sid;
    this.origin = (protocol === '1' ? 'https://' : 'http://') + domain.replace(protocol === '1' ? /:443$/ : /:80$/, '');
    addEventListener('message', (event) => this.#receive(event));
  }

  #receive(event) {
    if (event.origin !== this.origin || event.source !== window.parent || typeof event.data !== 'string') return;
    const colon = event.data.indexOf(':');
    const key = colon < 0 ? event.data : event.data.slice(0, colon);
    const waiter = this.#waiting.get(key);
    if (!waiter) return;
    this.#waiting.delete(key);
    clearTimeout(waiter.timer);
    const payload = colon < 0 ? '' : event.data.slice(colon + 1);
    try {
      waiter.resolve(payload ? JSON.parse(payload) : null);
    } catch (error) {
      waiter.reject(error);
    }
  }

  post(command, params, key) {
    const parts = [command, ...(params ? [JSON.stringify(params)] : []), key, this.sid];
    window.parent.postMessage(parts.join(':'), this.origin);
  }

  /** Sends a command whose answer nobody waits for: some commands and some placements never answer. */
  tell(command, params = null) {
    if (this.inside) this.post(command, params, `t${++this.#count}`);
  }

  ask(command, params = null, timeout = 10000) {
    if (!this.inside) return Promise.reject(new Error(`${command}: not inside a portal`));
    const key = `f${++this.#count}${Math.random().toString(36).slice(2)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Error(`${command}: no answer`));
      }, timeout);
      this.#waiting.set(key, { resolve, reject, timer });
      this.post(command, params, key);
    });
  }
}

const portal = new PortalFrame(window.name || '');
const page = document.documentElement;

// --- the token -------------------------------------------------------------------------------------------------------
const meta = (name) => {
  const element = document.querySelector(`meta[name="${name}"]`);
  element?.remove();
  return element?.content ?? '';
};
const renewAddress = meta('frame-renew');
let token = meta('frame-token');
// Outside the frame the session's cookie says who it is: each request shows the page's CSRF token, and names the page's portal.
const csrf = meta('csrf-token');
const ownPortal = meta('portal');
const credentials = () => (token ? { Authorization: `Frame ${token}` } : csrf ? { 'X-CSRFToken': csrf, 'X-Portal': ownPortal } : {});
let until = Date.now() + 1000 * Number(meta('frame-ttl') || 900);
let renewing = null;

async function renew() {
  const auth = await portal.ask('refreshAuth');
  // The old token goes along: it tells the server which portal to ask about AUTH_ID.
  const body = new URLSearchParams({ AUTH_ID: auth.AUTH_ID });
  const answer = await fetch(renewAddress, { method: 'POST', body, headers: { Authorization: `Frame ${token}` } });
  if (!answer.ok) throw new Error(`renewal: ${answer.status}`);
  const fresh = await answer.json();
  token = fresh.token;
  until = Date.now() + 1000 * (fresh.ttl || 900);
}
/** Renews the token; any number of callers share one renewal. */
const freshToken = () => (renewing ??= renew().finally(() => (renewing = null)));

// --- htmx ------------------------------------------------------------------------------------------------------------
const isPoll = (element) => element.hasAttribute('data-poll');
let reported = false;

function tellTrouble(which) {
  if (reported) return;
  reported = true;
  toast(document.getElementById('page')?.dataset[which] ?? '', 0);
}

document.addEventListener('htmx:confirm', (event) => {
  if (!token || Date.now() < until - 1000) return;
  event.preventDefault();
  freshToken().then(
    () => event.detail.issueRequest(true),
    (error) => {
      // fetch() itself fails with a TypeError when there is no way to the server.
      tellTrouble(error instanceof TypeError ? 'offline' : 'expired');
      lookLater();
    },
  );
});
document.addEventListener('htmx:configRequest', (event) => {
  Object.assign(event.detail.headers, credentials());
});
document.addEventListener('htmx:beforeSwap', (event) => {
  // A form that the server refused comes back with 422 and is shown, with what was typed.
  if (event.detail.xhr.status === 422) Object.assign(event.detail, { shouldSwap: true, isError: false });
});
document.addEventListener('htmx:responseError', (event) => {
  // The server finds the token too old (our clock may differ): the next request renews it first.
  if (event.detail.xhr.status === 401) until = 0;
  if (event.detail.xhr.status === 401 && csrf) tellTrouble('expired');
  else if (!isPoll(event.detail.elt)) toast(document.getElementById('page')?.dataset.failed ?? '', 8000);
});
document.addEventListener('htmx:sendError', () => tellTrouble('offline'));
document.addEventListener('htmx:afterRequest', (event) => {
  if (!event.detail.successful) return;
  if (reported) toast('', 0);
  reported = false;
});
// The server hands out another token with an answer, when something that the token carries was changed.
document.addEventListener('token', (event) => {
  token = event.detail.value;
  until = Date.now() + 1000 * event.detail.ttl;
});

// Looking again: as often as the last answer said, only while somebody can see the page, and at once when he comes back to it.
const look = () => document.body.dispatchEvent(new Event('looked'));
let lookTimer = 0;
function lookLater() {
  clearTimeout(lookTimer);
  const every = Number(document.getElementById('seen')?.dataset.every ?? 0);
  if (every && !document.hidden) lookTimer = setTimeout(look, every * 1000);
}
document.addEventListener('htmx:afterRequest', lookLater);
document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(lookTimer) : look()));
lookLater();

// What the person opened stays open, whatever the poll brings.
let opened = new Set();
document.addEventListener('htmx:beforeSwap', () => {
  opened = new Set([...document.querySelectorAll('details[open][id]')].map((element) => element.id));
});
document.addEventListener('htmx:afterSwap', () => {
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
  const wanted = document.querySelector('[data-focus]');
  if (wanted) {
    wanted.removeAttribute('data-focus');
    wanted.focus();
  }
  dress();
});

// --- manners ---------------------------------------------------------------------------------------------------------
let toastTimer = 0;
function toast(text, milliseconds) {
  const element = document.getElementById('toast');
  if (!element) return;
  element.textContent = text;
  clearTimeout(toastTimer);
  if (milliseconds) toastTimer = setTimeout(() => (element.textContent = ''), milliseconds);
}
document.addEventListener('say', (event) => toast(event.detail.value, 6000));

/** The old command first: a portal's frame may forbid the clipboard API, and asking for it would be an error in the console. */
async function copy(text) {
  const area = Object.assign(document.createElement('textarea'), { value: text, className: 'offscreen' });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  focused?.focus();
  if (!done) await navigator.clipboard.writeText(text);
}
document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await copy(source.textContent.trim());
    toast(button.dataset.done, 2500);
  } catch {
    getSelection().selectAllChildren(source);
  }
});

/** A file needs our header, which a plain link cannot send: it is fetched, then handed to the browser. */
document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-download]');
  if (!button) return;
  button.disabled = true;
  try {
    if (token && Date.now() >= until - 1000) await freshToken();
    const form = document.getElementById(button.dataset.form ?? '');
    const query = form ? `?${new URLSearchParams(new FormData(form))}` : '';
    const answer = await fetch(button.dataset.download + query, { headers: credentials() });
    if (!answer.ok) throw new Error(`download: ${answer.status}`);
    const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'file';
    const address = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement('a'), { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  } catch {
    toast(document.getElementById('page')?.dataset.failed ?? '', 8000);
  } finally {
    button.disabled = false;
  }
});

/** Title and language of the document follow the page that was swapped in. */
function dress() {
  const main = document.getElementById('page');
  if (!main) return;
  if (main.lang) page.lang = main.lang;
  if (main.dataset.title && main.dataset.title !== document.title) {
    document.title = main.dataset.title;
    portal.tell('setTitle', { title: document.title });
  }
}

let height = 0;
function fit() {
  const wanted = Math.ceil(document.body.getBoundingClientRect().height);
  if (Math.abs(wanted - height) < 1) return;
  height = wanted;
  portal.tell('resizeWindow', { width: '100%', height });
}
new ResizeObserver(fit).observe(document.body);
addEventListener('load', () => {
  fit();
  page.dataset.ready = 'yes'; // htmx listens from here on: whoever drives the page may begin
});
if (document.title) portal.tell('setTitle', { title: document.title });

if (document.body.hasAttribute('data-install-finish')) {
  // The portal never answers this: it marks the app as installed and opens the app's own page.
  portal.tell('setInstallFinish');
}
