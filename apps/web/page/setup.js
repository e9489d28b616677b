/** Set up: a salt, and what an account stores for an address. */

import { copyButton, field, h, newId, save } from "./dom.js";
import { fault } from "./reports.js";

export function setup({ t, zkdkim }) {
  const result = h("div", { "aria-live": "polite" });
  const address = field(t("setup.address"), { type: "email", inputmode: "email" });
  const fileId = newId();
  const file = h("input", { type: "file", id: fileId, accept: ".json,.salt" });
  let salt;

  const failed = (error) => result.replaceChildren(fault(t, error.toJSON?.() ?? { verdict: "error", rule: "page", detail: String(error) }));
  const make = async () => {
    try {
      salt = await (await zkdkim()).salt();
      file.value = "";
      save("zkdkim-salt.json", salt);
      made.textContent = t("setup.made");
    } catch (error) {
      failed(error);
    }
  };
  const made = h("p", { role: "status" });
  const commit = async () => {
    try {
      const given = file.files.length > 0 ? file.files[0] : salt;
      if (given === undefined) {
        made.textContent = t("setup.first");
        return;
      }
      const { commitment } = await (await zkdkim()).commitment(address.value, given);
      const output = h("output", { class: "code" }, commitment);
      result.replaceChildren(
        h("h2", {}, t("setup.commitment")),
        h("p", {}, t("setup.commitment.what")),
        output,
        copyButton(t("copy"), t("copied"), () => commitment),
      );
    } catch (error) {
      failed(error);
    }
  };
  return [
    h("h1", {}, t("setup.title")),
    h("p", {}, t("setup.what")),
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
  ];
}
