// Writes the pictures of the documentation: screenshots.mjs DIRECTORY
import { join } from 'node:path';

import { home, launch, read, ready } from './demo.mjs';

await ready();
// A resource with failures, successes and two types of operation.
const { resources } = await read('api/v1/status?q=hana-01');
const { project, resource_id: id } = resources.rows[0];
const detail = `resource?${new URLSearchParams({ project, id })}`;

const pictures = [
  ['page', '', 1400, 900, 'light'],
  ['page-dark', '', 1400, 900, 'dark'],
  ['resource', detail, 1400, 900, 'light'],
  ['phone', '', 390, 844, 'light'],
];
const browser = await launch();
for (const [name, path, width, height, colorScheme] of pictures) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
  });
  await page.goto(home + path);
  await page.screenshot({ path: join(process.argv[2], `${name}.png`) });
}
await browser.close();
