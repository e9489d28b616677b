/** Pictures of the page for docs/web, taken by the tests when ZKDKIM_SHOTS names a folder. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const folder = process.env.ZKDKIM_SHOTS;

/** Takes what a visitor sees with this part at the top, as a WebP, which Chromium itself makes of its picture. */
export async function shot(page, name, part = "h1") {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.locator(part).first().evaluate((element) => element.scrollIntoView({ block: "start" }));
  const png = await page.screenshot();
  const blank = await page.context().newPage();
  const webp = await blank.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.5).split(",")[1];
  }, png.toString("base64"));
  await blank.close();
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(webp, "base64"));
}
