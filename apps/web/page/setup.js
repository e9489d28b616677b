/** Become a guardian: a salt, its commitment, the mail that accepts. Set up: the same for all guardians of an account, by its owner. */

import { copyButton, field, h, newId, save } from "./dom.js";
import { PageFault } from "./fault.js";
import { guarded } from "./reports.js";
import { journey } from "./recover.js";
import { committeeOf } from "./salts.js";
import { walletButtons } from "./target.js";

/** A salt and what it makes of an address. */
export function guardian(page) {
  const { t, zkdkim } = page;
  const result = h("div", { "aria-live": "polite" });
  const address = field(t("setup.address"), { type: "email", inputmode: "email" });
  const fileId = newId();
  const file = h("input", { type: "file", id: fileId, accept: ".json,.salt" });
  const made = h("p", { role: "status" });
  let salt;

  const make = guarded(t, result, async () => {
    salt = await (await zkdkim()).salt();
    file.value = "";
    save("zkdkim-salt.json", salt);
    made.textContent = t("setup.made");
  });
  const commit = guarded(t, result, async () => {
    const given = file.files.length > 0 ? file.files[0] : salt;
    if (given === undefined) throw new PageFault("salt-first");
    const { commitment } = await (await zkdkim()).commitment(address.value, given);
    const output = h("output", { class: "code" }, commitment);
    const copy = copyButton(t("copy"), t("copied"), () => commitment);
    result.replaceChildren(h("h2", {}, t("setup.commitment")), h("p", {}, t("setup.commitment.what")), output, copy);
  });
  return [
    h("h1", {}, t("guardian.title")),
    h("p", {}, t("guardian.what")),
    h("h2", {}, t("setup.salt")),
    h("p", {}, t("setup.salt.what")),
    h("button", { type: "button", class: "main", click: make }, t("setup.new")),
    made,
    h("label", { for: fileId }, t("setup.have")),
    file,
    h("h2", {}, t("setup.mailbox")),
    address.element,
    h("button", { type: "button", class: "main", click: commit }, t("setup.commit")),
    result,
    h("h2", {}, t("guardian.accept")),
    h("p", {}, t("guardian.accept.what")),
    ...journey(page, "accept"),
  ];
}

/** One line of the owner's list, once its salt is made. */
async function prepared({ zkdkim, site }, address) {
  const client = await zkdkim();
  const salt = await client.salt();
  const { commitment, address: lowered } = await client.commitment(address, salt);
  if (site.committee === undefined) return { address: lowered, salt, commitment };
  const { escrow } = await client.escrow(lowered, salt, await committeeOf(site));
  return { address: lowered, salt, commitment, escrow };
}

/** Set up: all guardians of an account, by its owner. */
export function setup(page) {
  const { t, site } = page;
  const id = newId();
  const addresses = h("textarea", { id, rows: 4, spellcheck: "false", autocomplete: "off", autocapitalize: "none" });
  const result = h("div", { "aria-live": "polite" });
  const make = guarded(t, result, async () => {
    const lines = addresses.value.split(/\s+/).filter(Boolean);
    if (lines.length === 0) throw new PageFault("no-address");
    const all = [];
    for (const line of lines) all.push(await prepared(page, line));
    const list = all.map(({ address, commitment }) => `${address}\t${commitment}`).join("\n");
    const keep = ({ address, salt }) => h("li", {}, h("button", { type: "button", click: () => save(`zkdkim-salt-${address}.json`, salt) }, t("owner.salt", { address })));
    result.replaceChildren(
      h("h2", {}, t("owner.commitments")),
      h("p", {}, t("owner.commitments.what")),
      h("output", { class: "code" }, list),
      copyButton(t("copy"), t("copied"), () => list),
      h("h2", {}, t("owner.salts")),
      h("p", {}, t(site.committee === undefined ? "owner.salts.files" : "owner.salts.nodes")),
      h("ul", {}, ...all.map(keep)),
      ...(site.committee === undefined ? [] : published(page, all)),
    );
  });
  const button = h("button", { type: "button", class: "main", click: make }, t("owner.make"));
  return [h("h1", {}, t("setup.title")), h("p", {}, t("setup.what")), h("label", { for: id }, t("owner.addresses")), addresses, button, result];
}

/** The escrows, to be published by the account itself. */
function published(page, all) {
  const { t, site } = page;
  const bytes = `0x${all.map(({ escrow }) => escrow.slice(2)).join("")}`;
  const told = h("div", { "aria-live": "polite" });
  const [[chain, { recovery: contract } = {}] = []] = Object.entries(site.chains);
  const publish = guarded(t, told, async (wallet) => {
    told.replaceChildren(h("p", {}, t("wallet.confirm")));
    await wallet.send({ chain, contract }, "publishEscrow", [bytes]);
    told.replaceChildren(h("p", { class: "good" }, t("owner.published")));
  });
  const ready = (wallet) => told.replaceChildren(h("button", { type: "button", click: () => publish(wallet) }, t("owner.publish", { address: wallet.address })));
  return [
    h("h2", {}, t("owner.escrow")),
    h("p", {}, t("owner.escrow.what")),
    h("output", { class: "code" }, bytes),
    copyButton(t("copy"), t("copied"), () => bytes),
    ...(contract === undefined ? [] : [walletButtons(page, ready), told]),
  ];
}
