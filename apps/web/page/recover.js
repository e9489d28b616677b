/** Recover my account: the Subject, the mail, what it shows, the proof. */

import { copyButton, field, h, newId, save } from "./dom.js";
import { mailPicker, providers } from "./mail.js";
import { fault, notes, revealed } from "./reports.js";
import { addressOf, discover } from "./wallet.js";

const asReport = (error) => error.toJSON?.() ?? { verdict: "error", rule: "page", detail: String(error?.message ?? error) };

/** The form of the account: gives the Subject. */
function form({ t, zkdkim }, onSubject) {
  const account = field(t("recover.account"), { hint: t("recover.account.hint"), inputmode: "text", maxlength: 42 });
  const chain = field(t("recover.chain"), { inputmode: "numeric", value: "1", maxlength: 39 });
  const nonce = field(t("recover.nonce"), { inputmode: "numeric", hint: t("recover.nonce.hint"), maxlength: 20 });
  const key = field(t("recover.key"), { hint: t("recover.key.hint"), maxlength: 42 });
  const wallets = h("div", {});
  const result = h("div", { "aria-live": "polite" });
  const pick = async (wallet) => {
    try {
      key.value = await addressOf(wallet);
      result.replaceChildren();
    } catch (error) {
      result.replaceChildren(fault(t, { verdict: "error", rule: "wallet", detail: String(error?.message ?? error) }));
    }
  };
  const stop = discover((wallet) => {
    wallets.append(h("button", { type: "button", click: () => pick(wallet) }, t("recover.wallet", { name: wallet.info.name })));
  });
  const make = async (event) => {
    event.preventDefault();
    try {
      const command = { account: account.value, chain: chain.value, nonce: nonce.value, newKey: key.value };
      const { subject } = await (await zkdkim()).subject({ command });
      result.replaceChildren(written(t, subject));
      onSubject(subject, command);
    } catch (error) {
      result.replaceChildren(fault(t, asReport(error)));
    }
  };
  const submit = h("button", { type: "submit", class: "main" }, t("recover.make"));
  const all = [account.element, chain.element, nonce.element, key.element, wallets, submit];
  return { element: h("div", {}, h("form", { submit: make, novalidate: true }, ...all), result), stop };
}

/** The Subject, with a way into a mail program. */
function written(t, subject) {
  const href = `mailto:?subject=${encodeURIComponent(subject)}`;
  return h(
    "div",
    { class: "box" },
    h("h2", {}, t("subject.title")),
    h("output", { class: "code", id: "subject" }, subject),
    copyButton(t("copy"), t("copied"), () => subject),
    h("a", { class: "button main", href }, t("subject.write")),
    h("p", {}, t("subject.who")),
  );
}

/** The proof of a mail, with its progress. */
function proof({ t, zkdkim, registry, accept }, command) {
  const saltId = newId();
  const salt = h("input", { type: "file", id: saltId, accept: ".json,.salt" });
  const checked = h("div", { "aria-live": "polite" });
  const result = h("div", { "aria-live": "polite" });
  let mail;

  const inspect = async (given) => {
    mail = undefined;
    start.disabled = true;
    checked.replaceChildren(h("p", {}, t("check.running")));
    try {
      const report = await (await zkdkim()).inspect(given, { registry: await registry() }, { command });
      if (report.verdict !== "provable") {
        checked.replaceChildren(fault(t, report), ...notes(report));
        return;
      }
      mail = given;
      start.disabled = false;
      checked.replaceChildren(...notes(report), revealed(t, report));
    } catch (error) {
      checked.replaceChildren(fault(t, asReport(error)));
    }
  };

  const prove = async () => {
    if (salt.files.length === 0) {
      result.replaceChildren(h("p", { role: "alert", class: "bad" }, t("prove.salt.first")));
      return;
    }
    const abort = new AbortController();
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("prove.running") });
    const words = h("p", { role: "status" });
    const cancel = h("button", { type: "button", click: () => abort.abort() }, t("cancel"));
    const onProgress = ({ step, fraction, remainingSeconds }) => {
      bar.value = fraction;
      const rest = remainingSeconds === undefined ? "" : ` – ${t("prove.rest", { seconds: Math.ceil(remainingSeconds) })}`;
      words.textContent = t(`step.${step}`) + rest;
    };
    start.disabled = true;
    result.replaceChildren(bar, words, cancel);
    try {
      const options = { command, onProgress, signal: abort.signal };
      const proved = await (await zkdkim()).prove(mail, salt.files[0], await registry(), options);
      result.replaceChildren(done(t, proved, await accept(proved.file)));
    } catch (error) {
      const cancelled = abort.signal.aborted;
      result.replaceChildren(cancelled ? h("p", { role: "status" }, t("prove.cancelled")) : fault(t, asReport(error)));
    } finally {
      start.disabled = false;
    }
  };

  const start = h("button", { type: "button", class: "main", disabled: true, click: prove }, t("prove.start"));
  return h(
    "section",
    {},
    h("h2", {}, t("mail.title")),
    mailPicker(t, inspect),
    checked,
    h("h2", {}, t("prove.title")),
    h("label", { for: saltId }, t("prove.salt")),
    salt,
    h("p", { class: "soft" }, t("prove.salt.what")),
    start,
    result,
    providers(t),
  );
}

/** The finished proof. */
function done(t, proved, verified) {
  const insecure = verified.srs.kind === "insecure-dev";
  return h(
    "div",
    { class: "box", role: "status" },
    h("h2", { class: "good" }, t("done.title")),
    insecure ? h("p", { class: "banner" }, t("insecure")) : null,
    h("p", {}, t("done.what")),
    h("button", { type: "button", class: "main", click: () => save("zkdkim-proof.json", proved.file) }, t("done.save")),
    copyButton(t("done.calldata"), t("copied"), () => proved.calldata),
    h("p", {}, t("done.next")),
  );
}

export function recover(page) {
  const next = h("div", {});
  const onSubject = (_, command) => next.replaceChildren(proof(page, command));
  const { element, stop } = form(page, onSubject);
  page.leaving.addEventListener("abort", stop, { once: true });
  const { t } = page;
  return [h("h1", {}, t("recover.title")), h("p", {}, t("recover.what")), element, next];
}
