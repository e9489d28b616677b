/** The first step: which account, which wallet, which key; it ends with the Subject to send. */

import { copyButton, field, h } from "./dom.js";
import { PageFault } from "./fault.js";
import { finder } from "./find.js";
import { guarded } from "./reports.js";
import { Relayer } from "./relayer.js";
import { Wallet, discover, standing } from "./wallet.js";

/** The longest owner that contracts take: `0x` and 1,024 bytes. */
const OWNER_DIGITS = 2 + 2 * 1024;
const ADDRESS = /^0x[0-9a-f]{40}$/i;

/** An owner of more bytes than an address has, such as a passkey's (ERC-7913). */
export const isLong = ({ newKey }) => newKey !== undefined && newKey.length > 42;

/** What the module is told of a target. */
export function commandOf(target) {
  const { action, account, chain, nonce, newKey } = target;
  const command = { account, chain, nonce };
  if (action === "recover") return isLong(target) ? { ...command, newOwner: newKey } : { ...command, newKey };
  return action === "cancel" ? { ...command, cancel: true } : command;
}

/** Buttons for the wallets that are there; `onWallet` gets the one that is connected. */
export function walletButtons({ t, leaving }, onWallet) {
  const buttons = h("div", {});
  const told = h("div", { role: "status" }, h("p", { class: "soft" }, t("wallet.none")));
  const connect = guarded(t, told, async (announced) => {
    const wallet = await Wallet.connect(announced);
    told.replaceChildren(h("p", {}, t("wallet.connected", { name: wallet.name }), " ", h("code", {}, wallet.address)));
    await onWallet(wallet);
  });
  const stop = discover((announced) => {
    if (buttons.childElementCount === 0) told.replaceChildren();
    buttons.append(h("button", { type: "button", click: () => connect(announced) }, t("wallet.connect", { name: announced.info.name })));
  });
  leaving.addEventListener("abort", stop, { once: true });
  return h("div", {}, buttons, told);
}

/** The fields of a target. */
function fields({ t, site, query }, action) {
  const preset = (name) => query.get(name) ?? "";
  const chains = Object.keys(site.chains);
  const account = field(t("target.account"), { hint: t("target.account.hint"), maxlength: 42, value: preset("account") });
  const chain = field(t("target.chain"), { inputmode: "numeric", maxlength: 39, value: preset("chain") || chains[0] || "1" });
  const contract = field(t("target.contract"), { hint: t("target.contract.hint"), maxlength: 42, value: preset("contract") });
  const nonce = field(t(action === "accept" ? "target.nonce.accept" : "target.nonce"), { inputmode: "numeric", hint: t("target.nonce.hint"), maxlength: 20, value: preset("nonce") });
  const key = field(t("target.key"), { hint: t("target.key.hint"), maxlength: OWNER_DIGITS, value: preset("key") });
  const known = () => {
    contract.element.hidden = chain.value in site.chains;
  };
  chain.input.addEventListener("input", known);
  known();
  const all = { account, chain, contract, nonce, key };
  const value = () => ({
    action,
    account: account.value.toLowerCase(),
    chain: chain.value,
    contract: site.chains[chain.value]?.recovery ?? contract.value,
    nonce: nonce.value,
    newKey: action === "recover" ? key.value.toLowerCase() : undefined,
  });
  return { all, value };
}

/**
 * The form. `onTarget` gets the target with its Subject; `onWallet` the wallet.
 * @param {"recover" | "cancel" | "accept"} action
 */
export function targetForm(page, action, { onTarget, onWallet }) {
  const { t, site, leaving } = page;
  const { all, value } = fields(page, action);
  const result = h("div", { "aria-live": "polite" });
  let wallet;

  const connected = async (picked) => {
    wallet = picked;
    if (all.key.value === "") all.key.value = wallet.address;
    onWallet(wallet);
  };

  /** The number, from the field, the contract or the relayer; none where a round has to be opened first. */
  const numbered = async (target) => {
    if (target.nonce !== "") return { ...target };
    if (wallet !== undefined && ADDRESS.test(target.contract)) {
      const { nonce, subject } = await standing(wallet, target);
      return nonce === 0n ? undefined : { ...target, nonce: String(nonce), told: subject };
    }
    if (site.relayer === undefined) throw new PageFault("no-number");
    const relayer = new Relayer(site.relayer);
    result.replaceChildren(h("p", {}, t("target.asking")));
    const { subject, send_to } = await relayer.follow(await relayer.ask(target), ({ subject }) => subject !== null, leaving);
    const [, nonce] = /nonce (\d+)/.exec(subject) ?? [];
    return { ...target, nonce, told: subject, sendTo: send_to };
  };

  const make = guarded(t, result, async () => {
    const target = await numbered(value());
    if (target === undefined) return result.replaceChildren(unopened());
    const { subject } = await (await page.zkdkim()).subject({ command: commandOf(target) });
    // Whoever told another Subject would have another mail sent than this form says.
    if (target.told !== undefined && target.told !== subject) throw new PageFault("subject-differs", { told: target.told, subject });
    result.replaceChildren(written(page, target, subject));
    onTarget({ ...target, subject });
  });

  const open = guarded(t, result, async () => {
    result.replaceChildren(h("p", {}, t("wallet.confirm")));
    const target = value();
    await wallet.send(target, "openRound", [target.account]);
    await make();
  });
  const unopened = () =>
    h("div", { class: "box" }, h("p", {}, t(`target.closed.${action}`)), action === "recover" ? h("button", { type: "button", class: "main", click: open }, t("target.open")) : null);

  const submit = (event) => {
    event.preventDefault();
    void make();
  };
  const { account, chain, contract, nonce, key } = all;
  const how = { wallet: () => wallet, place: value, onAccount: (found) => (account.value = found) };
  const find = action === "recover" && site.committee !== undefined ? finder(page, how) : null;
  const parts = [account.element, chain.element, contract.element, ...(action === "recover" ? [key.element] : []), nonce.element];
  const button = h("button", { type: "submit", class: "main" }, t("target.make"));
  return h("section", {}, h("h2", {}, t("target.title")), walletButtons(page, connected), find, h("form", { submit, novalidate: true }, ...parts, button), result);
}

/** A link that brings a guardian here with everything filled in; what stands behind # is sent to nobody. */
function invitation({ account, chain, contract, nonce, newKey, action }) {
  const values = { account, chain, contract, nonce, ...(newKey === undefined ? {} : { key: newKey }) };
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  return new URL(`#${action === "accept" ? "guardian" : action}?${query}`, location.href).href;
}

/** The Subject, with a way into a mail program. */
function written({ t, site }, target, subject) {
  // The relayer chooses who gets the mail, and nothing else of it: fields behind a "?" would be another Subject.
  const to = encodeURIComponent(target.sendTo ?? site.mailTo ?? "").replaceAll("%40", "@");
  const href = `mailto:${to}?subject=${encodeURIComponent(subject)}`;
  return h(
    "div",
    { class: "box" },
    h("h2", {}, t("subject.title")),
    h("output", { class: "code", id: "subject" }, subject),
    copyButton(t("copy"), t("copied"), () => subject),
    h("a", { class: "button main", href }, t("subject.write")),
    h("p", {}, t("subject.who")),
    h("p", {}, t("subject.others")),
    copyButton(t("subject.link"), t("copied"), () => invitation(target)),
  );
}
