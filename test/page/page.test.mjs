// What people see and do on the pages of the demo. One test is one promise.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';

import { home, launch, read, ready } from './demo.mjs';

const axe = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

const widths = [390, 1000, 1400];
const schemes = ['light', 'dark'];
const tables = ['resources', 'tasks', 'vaults'];

await ready();
const browser = await launch();
after(() => browser.close());

// visit opens a path below home. The test fails if the page logs an error, as for a breach of
// its Content-Security-Policy, or asks anything that is not below home.
async function visit(t, path, options = {}) {
  const {
    width = 1400,
    height = 900,
    script = true,
    clock = false,
    status = 200,
  } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    javaScriptEnabled: script,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const trouble = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      trouble.push(`console: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => trouble.push(`exception: ${error}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(home) && !url.startsWith('data:')) {
      trouble.push(`request elsewhere: ${url}`);
    }
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(trouble, []);
  });
  if (clock) {
    await page.clock.install();
  }
  const response = await page.goto(home + path);
  assert.equal(response.status(), status);
  if (status !== 200) {
    trouble.length = 0; // Chromium logs each of these
  }
  return page;
}

// accessible checks a page in which axe has been evaluated.
async function accessible(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.html}\n${n.failureSummary}`),
  );
  assert.deepEqual(found, []);
}

// fits checks that the document is not wider than the window.
async function fits(page) {
  const [content, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content <= window, `${content} px in a window of ${window} px`);
}

// above checks that an element is whole in the window without scrolling.
async function above(locator, what) {
  const box = await locator.boundingBox();
  const { height } = locator.page().viewportSize();
  assert.ok(box, `${what} is not visible`);
  const bottom = Math.round(box.y + box.height);
  assert.ok(bottom <= height, `${what} ends at ${bottom} px, below the fold`);
}

// rowsOf returns the text of each row of a table.
function rowsOf(page, table) {
  return page.locator(`#${table} tbody tr`).allTextContents();
}

const idOf = {
  resources: (row) => row.resource_id ?? row.last_finished.id,
  tasks: (row) => row.id,
  vaults: (row) => row.vault_id,
};

// steady repeats a check that fails once: a pass of the exporter may have come in between.
async function steady(check) {
  try {
    return await check();
  } catch {
    return check();
  }
}

// agree checks that the tables have the rows of the JSON for the same query, in its order,
// and returns the JSON. A pass of the exporter in between is another chance.
async function agree(page, again = true) {
  const status = await read(`api/v1/status${new URL(page.url()).search}`);
  try {
    for (const table of tables) {
      const rows = await rowsOf(page, table);
      const want = status[table].rows;
      assert.equal(rows.length, want.length, `rows of ${table}`);
      for (const [i, row] of want.entries()) {
        const id = idOf[table](row);
        assert.ok(rows[i].includes(id), `${table}: no ${id} in: ${rows[i]}`);
      }
    }
  } catch (error) {
    if (!again) {
      throw error;
    }
    await page.reload();
    return agree(page, false);
  }
  return status;
}

function selected(status) {
  return tables.reduce((sum, table) => sum + status[table].selected, 0);
}

describe('looks', () => {
  const small = [390];
  const paths = [
    ['page', '', widths],
    ['filtered page', '?state=failing&q=e', small],
    ['detail page', detail, widths],
    ['resource with copies', copied, small],
    ['unprotected resource', unprotected, small],
    ['unknown resource', 'resource?project=demo&id=nothing', small, 404],
    ['unknown project', '?project=nothing', small, 404],
    ['unknown vault', '?vault=nothing', small],
    ['bad query', '?page=x', small, 400],
  ];
  for (const [name, path, checked, status] of paths) {
    test(name, async (t) => {
      const where = typeof path === 'string' ? path : await path();
      const page = await visit(t, where, { status });
      await page.evaluate(axe);
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        await t.test(`${width} px`, () => fits(page));
        for (const colorScheme of checked.includes(width) ? schemes : []) {
          await page.emulateMedia({ colorScheme });
          await t.test(`${width} px, ${colorScheme}`, () => accessible(page));
        }
      }
    });
  }
});

// pathOf returns the path of the page of a resource.
function pathOf({ project, resource_id: id }) {
  return `resource?${new URLSearchParams({ project, id })}`;
}

// detail returns the path of the page of the worst resource.
async function detail() {
  const { resources } = await read('api/v1/status');
  return pathOf(resources.rows[0]);
}

// copied returns that of a resource of which a copy in another region failed.
async function copied() {
  const { resources } = await read('api/v1/status');
  const failed = (row) => row.restore_points?.replicas?.some((r) => r.failed);
  return pathOf(resources.rows.find(failed));
}

// unprotected returns that of a resource that cannot be protected.
async function unprotected() {
  const { resources } = await read('api/v1/status?state=unprotected');
  return pathOf(resources.rows[0]);
}

describe('the first screen has sentence, tiles', () => {
  const check = (page) =>
    steady(async () => {
      await page.goto(home);
      const { summary } = await read('api/v1/status');
      const sentence = await page.locator('h1').textContent();
      assert.ok(sentence.includes(summary), `${sentence} lacks ${summary}`);
      await above(page.locator('h1'), 'the sentence');
      for (const tile of await page.locator('.tiles a').all()) {
        await above(tile, 'a tile');
      }
    });
  test('on a phone', async (t) => {
    await check(await visit(t, '', { width: 390, height: 844 }));
  });
  test('and the worst row, on a desk', async (t) => {
    const page = await visit(t, '');
    await check(page);
    await above(page.locator('#resources tbody tr').first(), 'the worst row');
    const lines = await page.locator('h1 > span').evaluate((e) => {
      const { height } = e.getBoundingClientRect();
      return Math.round(height / parseFloat(getComputedStyle(e).lineHeight));
    });
    assert.ok(lines <= 2, `the sentence has ${lines} lines`);
  });
});

test('each tile leads to as many rows as it counts', async (t) => {
  const page = await visit(t, '');
  const { counts } = await read('api/v1/status');
  const tiles = page.locator('.tiles a');
  assert.equal(await tiles.count(), counts.length);
  for (const [i, { name }] of counts.entries()) {
    const check = async () => {
      await page.goto(home);
      const count = Number(await tiles.nth(i).locator('b').textContent());
      await tiles.nth(i).click();
      await page.waitForLoadState();
      const status = await agree(page);
      assert.equal(status.counts[i].count, count);
      const rows =
        name === 'blind'
          ? status.projects.filter((p) => p.blind).length
          : selected(status);
      assert.equal(rows, count);
    };
    await t.test(name, () => steady(check));
  }
});

describe('filter', () => {
  const form = (page) => page.locator('form[method=get]');
  const submit = async (page) => {
    await Promise.all([
      page.waitForEvent('load'),
      form(page).locator('button').click(),
    ]);
  };
  const text = async (page) => {
    const { resources } = await read('api/v1/status');
    const { resource_id: id } = resources.rows[0];
    await form(page).locator('[name=q]').fill(id);
    await submit(page);
    assert.equal(new URL(page.url()).searchParams.get('q'), id);
    const status = await agree(page);
    assert.ok(status.resources.selected > 0);
    assert.ok(status.resources.selected < resources.selected);
    assert.equal(await form(page).locator('[name=q]').inputValue(), id);
  };
  // each sets a filter to each of its values in turn.
  const each = async (page, name, values, set) => {
    const all = selected(await read('api/v1/status'));
    const found = [];
    for (const value of values) {
      await set(value);
      await submit(page);
      assert.deepEqual(new URL(page.url()).searchParams.getAll(name), [value]);
      found.push(selected(await agree(page)));
    }
    assert.ok(Math.max(...found) > 0, `no ${name} selects a row`);
    assert.ok(Math.min(...found) < all, `no ${name} leaves out a row`);
  };
  const valuesOf = (options) =>
    options.evaluateAll((all) => all.map((o) => o.value).filter((v) => v));
  const operations = async (page) => {
    const select = form(page).locator('select[name=type]');
    const values = await valuesOf(select.locator('option'));
    await each(page, 'type', values, (value) => select.selectOption(value));
  };
  const states = async (page, values) => {
    await each(page, 'state', values, async (value) => {
      await form(page).locator('#states > summary').click();
      for (const box of await form(page)
        .locator(':checked[name=state]')
        .all()) {
        await box.uncheck();
      }
      await form(page).locator(`[name=state][value=${value}]`).check();
    });
  };
  test('text', async (t) => text(await visit(t, '')));
  test('operation', async (t) => operations(await visit(t, '')));
  test('states', async (t) => {
    const page = await visit(t, '');
    await states(page, await valuesOf(form(page).locator('[name=state]')));
  });
  test('vault', async (t) => {
    const page = await visit(t, '');
    const [name] = await valuesOf(page.locator('#vault-names option'));
    const { vaults } = await read('api/v1/status');
    const input = form(page).locator('[name=vault]');
    await each(page, 'vault', [name, vaults.rows[0].vault_id], (value) =>
      input.fill(value),
    );
  });
  test('project', async (t) => {
    const page = await visit(t, '?project=demo');
    await steady(async () => {
      const status = await agree(page);
      assert.equal(selected(status), selected(await read('api/v1/status')));
    });
  });
  test('nothing found', async (t) => {
    const page = await visit(t, '?q=nosuchresource');
    assert.equal(selected(await agree(page)), 0);
    await fits(page);
  });
  test('without JavaScript', async (t) => {
    const page = await visit(t, '', { script: false });
    await text(page);
    await page.goto(home);
    await states(page, ['failing']);
  });
});

describe('restore points', () => {
  test('are in the rows of backups, and wrong in colour and word', async (t) => {
    const page = await visit(t, '?type=backup');
    await steady(async () => {
      await page.reload();
      const { resources } = await agree(page);
      const cells = page.locator('#resources td[data-label="Restorable"]');
      for (const [i, row] of resources.rows.entries()) {
        const text = await cells.nth(i).textContent();
        if (!row.restore_points) {
          assert.equal(text, '', row.resource_name); // in no vault
          continue;
        }
        const { count, latest } = row.restore_points;
        const want = count ? `${count}, latest ` : 'none';
        assert.ok(text.startsWith(want), `${text} for ${count}`);
        const title = await cells.nth(i).locator('span').getAttribute('title');
        assert.equal(/UTC$/.test(title), Boolean(latest), title);
        const missing = row.states.includes('no_restore_point');
        const wrong = await cells.nth(i).locator('.wrong').count();
        assert.equal(wrong, missing ? 1 : 0, row.resource_name);
      }
      assert.ok(resources.rows.some((r) => r.restore_points?.count === 0));
    });
  });
  test('and the copies of one resource', async (t) => {
    const path = await copied();
    const page = await visit(t, path);
    const d = await read(`api/v1/${path}`);
    const section = page.locator(
      'section[aria-labelledby=restore-points-title]',
    );
    const text = await section.textContent();
    assert.ok(text.includes(d.restorable), text);
    for (const fact of ['Latest', 'Oldest', 'Locked by the vault']) {
      assert.ok(text.includes(fact), `no ${fact} in: ${text}`);
    }
    const rows = await section.locator('tbody tr').allTextContents();
    assert.equal(rows.length, d.restore_points.replicas.length);
    for (const [
      i,
      { region, failed = 0, error_code: code = '' },
    ] of d.restore_points.replicas.entries()) {
      for (const word of [region, String(failed), code]) {
        assert.ok(rows[i].includes(word), `no ${word} in: ${rows[i]}`);
      }
    }
  });
});

test('what is in no vault leads to a page that says why', async (t) => {
  const page = await visit(t, '?state=unprotected');
  const { resources } = await agree(page);
  const row = resources.rows.find((r) => /cannot be protected/.test(r.why));
  await page.getByRole('link', { name: row.resource_name }).click();
  await page.waitForURL(/\/resource\?/);
  const shown = await page.locator('main').textContent();
  for (const text of [row.resource_id, row.why, 'not bound to any vault']) {
    assert.ok(shown.includes(text), `no ${text} in: ${shown}`);
  }
});

describe('keyboard', () => {
  test('reaches everything, visibly', async (t) => {
    const page = await visit(t, '');
    const targets = await page.evaluate(() => {
      globalThis.reached = new Set();
      const selector = 'a[href], summary, input, select, button';
      const all = [...document.querySelectorAll(selector)];
      return all.filter((e) => e.checkVisibility()).length;
    });
    for (let i = 0; i < targets; i++) {
      await page.keyboard.press('Tab');
      const unmarked = await page.evaluate(() => {
        const e = document.activeElement;
        globalThis.reached.add(e);
        const { outlineStyle, boxShadow } = getComputedStyle(e);
        const marked = outlineStyle !== 'none' || boxShadow !== 'none';
        return marked ? '' : e.outerHTML;
      });
      assert.equal(unmarked, '', 'has the focus, and does not show it');
    }
    const reached = await page.evaluate(() => globalThis.reached.size);
    assert.equal(reached, targets);
  });
  test('opens and closes details', async (t) => {
    const page = await visit(t, '');
    const details = page.locator('main details').first();
    const summary = details.locator('summary');
    const open = () => details.evaluate((e) => e.open);
    const was = await open();
    await page.locator('body').press('Tab');
    while (!(await summary.evaluate((e) => e === document.activeElement))) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    assert.equal(await open(), !was);
    await page.keyboard.press('Enter');
    assert.equal(await open(), was);
  });
});

test('a refresh keeps scroll, folds, focus and typed text', async (t) => {
  const page = await visit(t, '', { clock: true, height: 400 });
  let passes = 0;
  await page.route(home, async (route) => {
    const response = await route.fetch();
    const { etag, ...headers } = response.headers();
    assert.ok(etag);
    const news = ` News ${++passes}</h1>`;
    const body = (await response.text()).replace('</h1>', news);
    await route.fulfill({ response, headers, body });
  });
  const refresh = async () => {
    const news = `News ${passes + 1}`;
    await page.clock.runFor(15_500);
    await page.locator('h1', { hasText: news }).waitFor({ state: 'attached' });
  };
  const fold = page.locator('#resources-fold');
  const was = await fold.evaluate((e) => (e.open = !e.open));
  const input = page.locator('form[method=get] [name=q]');
  await input.fill('half a wo');
  await input.evaluate((e) => e.setSelectionRange(2, 4));
  await page.evaluate(() => scrollTo(0, 350));

  await refresh();
  assert.equal(await page.evaluate(() => scrollY), 350);
  assert.equal(await fold.evaluate((e) => e.open), was);
  assert.equal(await input.inputValue(), 'half a wo');
  const focus = await input.evaluate((e) => [
    document.activeElement === e,
    e.selectionStart,
    e.selectionEnd,
  ]);
  assert.deepEqual(focus, [true, 2, 4]);

  const summaryOfFold = fold.locator('summary');
  await summaryOfFold.focus();
  await refresh();
  assert.ok(
    await summaryOfFold.evaluate((e) => e === document.activeElement),
    'the fold has lost the focus',
  );
});

test('while text is selected nothing is replaced, and the page says so', async (t) => {
  const page = await visit(t, '', { clock: true });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  const notice = page.getByText('Not updated while text is selected');
  await page.evaluate(() => {
    const row = document.querySelector('#resources tbody tr');
    getSelection().selectAllChildren(row);
  });
  assert.ok(!(await notice.isVisible()));
  await page.clock.runFor(15_500);
  await notice.waitFor();
  assert.deepEqual(asked, []);
  await page.evaluate(() => getSelection().removeAllRanges());
  await notice.waitFor({ state: 'hidden' });
  assert.deepEqual(asked, [home]);
});

test('a name that turns the text around turns nothing but itself', async (t) => {
  const page = await visit(t, '');
  const left = await page.evaluate(() => {
    const project = document.querySelector('.project p');
    const rows = ['#resources tbody th div', '#resources td .why'];
    return [project, ...rows.map((r) => document.querySelector(r))].map((e) => {
      const named = e.querySelector('a, bdi');
      named.prepend('\u202e');
      const after = document.createElement('span');
      after.append('()');
      named.after(after);
      const where = (from, to) => {
        const range = document.createRange();
        range.setStart(after.firstChild, from);
        range.setEnd(after.firstChild, to);
        return range.getBoundingClientRect().left;
      };
      return where(0, 1) < where(1, 2);
    });
  });
  assert.deepEqual(left, [true, true, true]);
});

describe('a page that cannot be updated says so:', () => {
  const answers = {
    'no answer': () => {},
    'a login': (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<link rel=icon href=data:,><h1>Log in</h1>',
      }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    test(name, async (t) => {
      const page = await visit(t, '', { clock: true });
      await page.route(home, answer);
      await page.clock.runFor(16_000);
      const notice = page.getByText('What you see is old.');
      await notice.waitFor({ timeout: 15_000 });
    });
  }
});

test('a page that has not changed is not sent again', async () => {
  // Unless a pass ends in between.
  for (let chances = 3; chances > 0; chances--) {
    const first = await fetch(home);
    const second = await fetch(home, {
      headers: { 'If-None-Match': first.headers.get('ETag') },
    });
    if (second.status === 304) {
      return;
    }
  }
  assert.fail('no 304');
});

describe('links', () => {
  // follow returns the JSON that a link leads to.
  const follow = async (page, link) => {
    const url = await page.locator(link).evaluate((a) => a.href);
    return read(url.slice(home.length));
  };
  test('of a row to its resource', async (t) => {
    const page = await visit(t, '', { script: false });
    const { resources } = await agree(page);
    const row = resources.rows[0];
    await page.locator('#resources tbody a[href^="resource?"]').first().click();
    await page.waitForURL(/\/resource\?/);
    const shown = await page.locator('main').textContent();
    for (const text of [row.resource_id, row.resource_name, row.vault_id]) {
      assert.ok(shown.includes(text), `no ${text}`);
    }
    const json = await follow(page, 'a[href^="api/v1/resource?"]');
    assert.equal(json.resource_id, row.resource_id);
  });
  test('to the JSON of the same rows', async (t) => {
    const page = await visit(t, '?state=failing');
    await steady(async () => {
      const { resources } = await agree(page);
      const json = await follow(page, 'a[href^="api/v1/status?"]');
      assert.deepEqual(
        json.resources.rows.map(idOf.resources),
        resources.rows.map(idOf.resources),
      );
    });
  });
  test('all lead somewhere', async (t) => {
    const seen = new Set();
    for (const path of ['', await detail()]) {
      const page = await visit(t, path);
      const links = await page
        .locator('a[href]')
        .evaluateAll((all) => all.map((a) => a.href));
      for (const link of links.map((l) => l.replace(/#.*/, ''))) {
        if (seen.has(link) || !link.startsWith(new URL(home).origin)) {
          continue;
        }
        seen.add(link);
        assert.ok(link.startsWith(home), `${link} is not below ${home}`);
        assert.equal((await fetch(link)).status, 200, `${link} on ${path}`);
      }
    }
  });
});
