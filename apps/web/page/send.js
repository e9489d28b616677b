/** The last steps: who sends the proof, and where the recovery stands. */

import { copyButton, h, newId, save, table } from "./dom.js";
import { Relayer } from "./relayer.js";
import { day, guarded } from "./reports.js";
import { callOf, progressOf } from "./wallet.js";
import { walletButtons } from "./target.js";

/**
 * Sends a proof by the wallet, hands it to the relayer, or saves it.
 * @param {{wallet: () => any, onWallet: (wallet: any) => void, onSent: () => void}} how
 */
export function sender(page, target, { file, calldata }, { wallet, onWallet, onSent }) {
  const { t, site, leaving } = page;
  const told = h("div", { "aria-live": "polite" });
  const send = guarded(t, told, async () => {
    told.replaceChildren(h("p", {}, t("wallet.confirm")));
    const hash = await wallet().send(target, ...callOf(target, file));
    told.replaceChildren(h("p", { class: "good" }, t("send.sent")), h("p", {}, h("code", {}, hash)));
    onSent();
  });
  const hand = guarded(t, told, async () => {
    const relayer = new Relayer(site.relayer);
    const id = await relayer.hand(target, file);
    const look = ({ state }) => {
      told.replaceChildren(h("p", {}, t("send.relayer.state", { state })));
      return state === "final";
    };
    await relayer.follow(id, look, leaving);
    told.replaceChildren(h("p", { class: "good" }, t("send.relayer.final")));
    onSent();
  });
  const bySender = h("div", {});
  const ready = () => bySender.replaceChildren(h("button", { type: "button", class: "main", click: send }, t("send.wallet", { name: wallet().name })));
  if (wallet() === undefined) bySender.append(walletButtons(page, (picked) => (onWallet(picked), ready())));
  else ready();
  const id = newId();
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, t("send.title")),
    page.insecure ? h("p", { class: "banner" }, t("insecure")) : null,
    h("p", {}, t("done.what")),
    target.contract ? bySender : h("p", { class: "soft" }, t("send.no-contract")),
    site.relayer === undefined ? null : h("button", { type: "button", click: hand }, t("send.relayer")),
    h("button", { type: "button", click: () => save("zkdkim-proof.json", file) }, t("done.save")),
    calldata === undefined ? null : copyButton(t("done.calldata"), t("copied"), () => calldata),
    h("p", { class: "soft" }, t("done.next")),
    told,
  );
}

/** A proof that somebody else made, to be sent from here. */
export function foreignProof({ t, accept }, onProof) {
  const id = newId();
  const told = h("div", { "aria-live": "polite" });
  const take = guarded(t, told, async () => {
    const [file] = input.files;
    if (file === undefined) return;
    const text = await file.text();
    await accept(text);
    told.replaceChildren(h("p", { class: "good" }, t("foreign.good")));
    onProof(text);
  });
  const input = h("input", { type: "file", id, accept: ".json", change: take });
  return h("details", {}, h("summary", {}, t("foreign.title")), h("p", {}, t("foreign.what")), h("label", { for: id }, t("foreign.file")), input, told);
}

/** Where the recovery stands, as the contract says it. */
export function standingView({ t }, target, wallet) {
  const shown = h("div", { "aria-live": "polite" });
  const time = (seconds) => day(Number(seconds));
  const look = guarded(t, shown, async () => {
    const { now, nonce, closesAt, pendingKey, executableFrom, expiresAt, weight, threshold } = await progressOf(wallet, target);
    const waits = executableFrom !== 0;
    const rows = [
      [t("standing.round"), nonce === 0n ? t("standing.round.none") : String(nonce)],
      [t("standing.votes"), t("standing.votes.of", { weight, threshold })],
      ...(nonce !== 0n && !waits ? [[t("standing.closes"), time(closesAt)]] : []),
      ...(waits ? [[t("standing.key"), h("code", {}, pendingKey)]] : []),
      ...(waits ? [[t("standing.from"), time(executableFrom)], [t("standing.until"), time(expiresAt)]] : []),
    ];
    const due = waits && now >= executableFrom && now < expiresAt;
    // Whoever came for one key is not brought to execute for another.
    const ours = target.newKey === pendingKey;
    const parts = [
      table(t("standing.table"), rows),
      waits && target.action === "recover" && !ours ? h("p", { class: "bad", role: "alert" }, t("standing.foreign")) : null,
      h("p", {}, waits ? t(due ? "standing.due" : "standing.waits") : t("standing.more")),
      due && ours ? h("button", { type: "button", class: "main", click: execute }, t("standing.execute")) : null,
      waits ? h("p", {}, t("standing.cancel"), " ", h("a", { href: cancelling(target) }, t("cancel-recovery.title"))) : null,
    ];
    shown.replaceChildren(...parts.filter((part) => part !== null));
  });
  const told = h("div", { "aria-live": "polite" });
  const execute = guarded(t, told, async () => {
    told.replaceChildren(h("p", {}, t("wallet.confirm")));
    await wallet.send(target, "execute", [target.account]);
    told.replaceChildren(h("p", { class: "good" }, t("standing.executed")));
    await look();
  });
  const id = newId();
  const element = h("section", { "aria-labelledby": id }, h("h2", { id }, t("standing.title")), shown, told, h("button", { type: "button", click: look }, t("standing.again")));
  void look();
  return element;
}

function cancelling({ account, chain, contract }) {
  return `#cancel?${new URLSearchParams({ account, chain, contract })}`;
}
