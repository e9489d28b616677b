/** Check my mailbox: will a mail from it do? */

import { h } from "./dom.js";
import { asReport } from "./fault.js";
import { mailPicker, providers } from "./mail.js";
import { fault, notes, revealed, rules } from "./reports.js";

export function check({ t, zkdkim, registry }) {
  const result = h("div", { "aria-live": "polite" });
  const run = async (mail) => {
    result.replaceChildren(h("p", {}, t("check.running")));
    try {
      const report = await (await zkdkim()).inspect(mail, { registry: await registry() });
      const good = report.verdict === "provable";
      result.replaceChildren(
        good ? h("div", { class: "box" }, h("h2", { class: "good" }, t("check.good")), h("p", {}, t("check.good.what"))) : fault(t, report),
        ...notes(report),
        ...(good ? [revealed(t, report)] : []),
        rules(t, report),
      );
    } catch (error) {
      result.replaceChildren(fault(t, asReport(error)));
    }
  };
  return [h("h1", {}, t("check.title")), h("p", {}, t("check.what")), mailPicker(t, run), result, providers(t)];
}
