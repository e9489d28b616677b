/** The salt of a mailbox: out of its file, or opened by the salt nodes with this very mail. */

import { h, newId, save } from "./dom.js";
import { PageFault } from "./fault.js";
import { guarded } from "./reports.js";
import { commandOf, isLong } from "./target.js";
import { escrowsOf, weightOf } from "./wallet.js";

/** The committee that the site names, with its record. */
export async function committeeOf({ committee }) {
  const { record, digest, allowInsecureDealer } = committee;
  const response = await fetch(record, { cache: "no-cache" });
  if (!response.ok) throw new PageFault("committee", { status: response.status });
  return { record: new Uint8Array(await response.arrayBuffer()), digest, allowInsecureDealer };
}

/** Where a node is asked, where the site passes it on: what is posted is sealed to the node, so it may. */
export function nodeUrlOf({ committee: { nodes } }) {
  if (nodes === undefined) return undefined;
  return ({ index }) => new URL(nodes.replace("{index}", index), location.href);
}

/**
 * Where the salt comes from: `file()` gives its file's content, or none where there is none yet.
 * @param page
 * @param target
 * @param {() => Blob | undefined} mail the mail that was checked
 * @param {() => any} wallet the one that is connected, if any
 */
export function saltFrom(page, target, mail, wallet) {
  const { t, site } = page;
  const id = newId();
  const input = h("input", { type: "file", id, accept: ".json,.salt" });
  const told = h("div", { "aria-live": "polite" });
  // As the search for accounts found it.
  let recovered = page.found.get(target.account);
  if (recovered !== undefined) told.append(h("p", { class: "good" }, t("salt.found")));

  const ask = guarded(t, told, async () => {
    if (mail() === undefined) throw new PageFault("mail-first");
    if (wallet()?.address !== target.newKey) throw new PageFault("consent-key", { key: target.newKey });
    told.replaceChildren(h("p", {}, t("salt.asking")));
    const escrows = await escrowsOf(wallet(), target, site.chains[target.chain]?.since);
    const options = {
      command: commandOf(target),
      committee: await committeeOf(site),
      escrows,
      sign: (text) => wallet().sign(text),
      nodeUrl: nodeUrlOf(site),
      signal: page.leaving,
    };
    const { salts } = await (await page.zkdkim()).recoverSalt(mail(), await page.registry(), options);
    recovered = undefined;
    for (const { salt, commitment } of salts) {
      if ((await weightOf(wallet(), target, commitment)) > 0n) recovered = salt;
    }
    if (recovered === undefined) throw new PageFault("salt-foreign");
    const keep = h("button", { type: "button", click: () => save("zkdkim-salt.json", recovered) }, t("salt.keep"));
    told.replaceChildren(h("p", { class: "good" }, t("salt.found")), keep);
  });

  const nodes =
    // Whoever is no address has no key that could consent here.
    site.committee === undefined || target.action !== "recover" || isLong(target)
      ? null
      : h("details", {}, h("summary", {}, t("salt.none")), h("p", {}, t("salt.nodes")), h("button", { type: "button", click: ask }, t("salt.ask")));
  const label = h("label", { for: id }, t("prove.salt"));
  const element = h("div", {}, label, input, h("p", { class: "soft" }, t("prove.salt.what")), nodes, told);
  return { element, file: async () => (input.files.length > 0 ? input.files[0].text() : recovered) };
}
