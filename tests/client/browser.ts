/**
 * A real browser for tests, where there is one. Pictures of what it shows are kept in the folder that the environment
 * names as SCREENSHOTS.
 *
 * @module
 */

import { type Browser, chromium, type Page } from "playwright-core";

const path = "/usr/bin/chromium";

/** Why there is none; "" if there is. */
const missing = await Deno.stat(path).then(() => "", () => `there is no ${path}`);

/** A test that needs a browser; on a machine without one it is skipped by name, with the reason. */
export function browserTest(name: string, test: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name: missing === "" ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== "",
    // The library keeps what it has started up.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const browser = await chromium.launch({
        executablePath: path,
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      });
      try {
        await test(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

/** A page on which any error fails the test. */
export async function watchedPage(browser: Browser, errors: string[]): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 760, height: 420 } })).newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return page;
}

export async function picture(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("SCREENSHOTS");
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}
