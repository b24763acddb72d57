// A light node in a page of Chromium, which loopback serves to it.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

/** The page's script as one text. */
async function bundle() {
  const entry = fileURLToPath(new URL("page.mjs", import.meta.url));
  const options = { entryPoints: [entry], bundle: true, format: "esm", write: false, logLevel: "error" };
  const { outputFiles } = await build(options);
  return outputFiles[0].text;
}

/** Serves the page on a free port of loopback; gives the server when it listens. */
async function serve(script) {
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  const server = createServer(({ url }, response) => {
    const [type, text] = url === "/page.js" ? ["text/javascript", script] : ["text/html", page];
    response.writeHead(200, { "content-type": type }).end(text);
  });
  await new Promise((resume) => server.listen(0, "127.0.0.1", resume));
  return server;
}

/** As `startNode` in node.mjs, in a page of the browser that is this program. */
export async function startInPage(program, network, say) {
  const server = await serve(await bundle());
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  page.on("pageerror", (error) => say({ error: `page: ${error.message}` }));
  await page.exposeFunction("say", say);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => window.startNode !== undefined);
  const peerId = await page.evaluate((given) => window.startNode(given), network);
  return {
    peerId,
    obey: (command) => page.evaluate((given) => window.node.obey(given), command),
    async stop() {
      await browser.close();
      server.close();
    },
  };
}
