// Keeps the page current: asks for it every 15 seconds while it is visible, and replaces
// the parts that are live. Without this script the page works too.
'use strict';

const paused = document.getElementById('paused');
let etag = null;

// selector finds an element and those like it.
function selector(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.matches('summary') && element.parentElement.id)
    return `#${CSS.escape(element.parentElement.id)} > summary`;
  return element.matches('a')
    ? `a[href="${CSS.escape(element.getAttribute('href'))}"]`
    : element.tagName;
}

function replace(html) {
  const next = new DOMParser().parseFromString(html, 'text/html');
  const parts = [...document.querySelectorAll('[data-live]')].map((live) => [
    live,
    next.getElementById(live.id),
  ]);
  if (parts.some(([, fresh]) => !fresh))
    throw new Error('the answer is another page'); // such as a login
  const focused = document.activeElement;
  const like = selector(focused);
  const nth = [...document.querySelectorAll(like)].indexOf(focused);
  const y = window.scrollY;
  for (const [live, fresh] of parts) {
    for (const old of live.querySelectorAll('details[id]')) {
      const same = fresh.querySelector(`#${CSS.escape(old.id)}`);
      if (same) same.open = old.open;
    }
    live.replaceChildren(...fresh.childNodes);
  }
  document.title = next.title;
  document.querySelector('link[rel=icon]').href =
    next.querySelector('link[rel=icon]').href;
  if (!focused.isConnected)
    document.querySelectorAll(like)[nth]?.focus({ preventScroll: true });
  window.scrollTo(window.scrollX, y);
}

async function refresh() {
  if (document.hidden) return;
  // Do not take away what someone is about to copy.
  paused.hidden = getSelection().isCollapsed;
  if (!paused.hidden) return;
  const offline = document.getElementById('offline');
  try {
    const answer = await fetch(location.href, {
      cache: 'no-store',
      headers: etag ? { 'If-None-Match': etag } : {},
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status !== 304 && !answer.ok)
      throw new Error(`HTTP status ${answer.status}`);
    if (answer.ok) replace(await answer.text());
    etag = answer.headers.get('ETag') ?? etag;
    offline.hidden = true;
  } catch (error) {
    offline.textContent = `This page could not be updated: ${error.message}. What you see is old.`;
    offline.hidden = false;
  }
}

setInterval(refresh, 15000);
document.addEventListener('visibilitychange', refresh);
document.addEventListener('selectionchange', () => {
  if (!paused.hidden && getSelection().isCollapsed) refresh();
});
