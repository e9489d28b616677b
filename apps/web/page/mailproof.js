/** The middle steps: the mail, what a proof of it shows, the salt, the proof. */

import { h, newId } from "./dom.js";
import { asReport } from "./fault.js";
import { mailPicker, providers } from "./mail.js";
import { fault, guarded, notes, revealed } from "./reports.js";
import { saltFrom } from "./salts.js";
import { commandOf } from "./target.js";

/** The contracts take a mail that is dated so much before its round: what a proof need not tell of the time. */
const GRAIN = 900;

/**
 * @param page
 * @param target as the form gave it
 * @param {(file: string, proved: object) => void} onProof
 * @param {() => unknown} wallet the one that is connected, if any
 */
export function mailProof(page, target, onProof, wallet) {
  const { t, zkdkim, registry, accept } = page;
  const command = commandOf(target);
  const checked = h("div", { "aria-live": "polite" });
  const result = h("div", { "aria-live": "polite" });
  let mail;
  let notBefore;

  const inspect = guarded(t, checked, async (given) => {
    mail = undefined;
    start.disabled = true;
    checked.replaceChildren(h("p", {}, t("check.running")));
    const look = async (options) => (await zkdkim()).inspect(given, { registry: await registry() }, { command, ...options });
    let report = await look({});
    if (report.verdict !== "provable") return checked.replaceChildren(fault(t, report), ...notes(report));
    notBefore = report.timestamp - (report.timestamp % GRAIN);
    report = await look({ notBefore });
    mail = given;
    start.disabled = false;
    checked.replaceChildren(...notes(report), revealed(t, report));
  });

  const salt = saltFrom(page, target, () => mail, wallet);
  const prove = async () => {
    const abort = new AbortController();
    // Whoever leaves this part of the page leaves no mail behind in the worker.
    page.leaving.addEventListener("abort", () => abort.abort(), { once: true });
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("prove.running") });
    const words = h("p", { role: "status" });
    const cancel = h("button", { type: "button", click: () => abort.abort() }, t("cancel"));
    let said;
    const onProgress = ({ step, fraction, remainingSeconds }) => {
      bar.value = fraction;
      const rest = remainingSeconds === undefined ? "" : ` – ${t("prove.rest", { seconds: Math.ceil(remainingSeconds) })}`;
      const text = t(`step.${step}`) + rest;
      // A screen reader says what is new, once.
      if (text !== said) words.textContent = said = text;
    };
    start.disabled = true;
    try {
      const file = await salt.file();
      if (file === undefined) return result.replaceChildren(h("p", { role: "alert", class: "bad" }, t("prove.salt.first")));
      result.replaceChildren(bar, words, cancel);
      const options = { command, notBefore, onProgress, signal: abort.signal };
      const proved = await (await zkdkim()).prove(mail, file, await registry(), options);
      await accept(proved.file);
      result.replaceChildren(h("p", { class: "good", role: "status" }, t("done.title")));
      onProof(proved.file, proved);
    } catch (error) {
      const cancelled = abort.signal.aborted;
      result.replaceChildren(cancelled ? h("p", { role: "status" }, t("prove.cancelled")) : fault(t, asReport(error)));
    } finally {
      start.disabled = mail === undefined;
    }
  };

  const start = h("button", { type: "button", class: "main", disabled: true, click: prove }, t("prove.start"));
  const id = newId();
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, t("mail.title")),
    mailPicker(t, inspect),
    providers(t),
    checked,
    h("h2", {}, t("prove.title")),
    salt.element,
    start,
    result,
  );
}
