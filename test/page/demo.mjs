// The demo that .ci/page.sh has started, and the browser in front of it.
import { chromium } from 'playwright-core';

// home is the URL of the page; it ends with a slash.
export const home = process.env.PAGE;

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM });
}

// read returns the JSON of a path below home.
export async function read(path) {
  const response = await fetch(home + path);
  if (!response.ok) {
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}

// ready waits until the demo has read all lists.
export async function ready() {
  const end = Date.now() + 20_000;
  for (;;) {
    try {
      const { projects, resources, vaults } = await read('api/v1/status');
      const synced = projects.every((p) => p.at && !p.blind);
      if (synced && resources.all > 0 && vaults.all > 0) {
        return;
      }
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
    }
    if (Date.now() > end) {
      throw new Error('the demo does not finish its first full sync');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
