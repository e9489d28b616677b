/** Recover my account, stop a recovery, become a guardian: one way through for three things that a mail can do. */

import { h } from "./dom.js";
import { mailProof } from "./mailproof.js";
import { foreignProof, sender, standingView } from "./send.js";
import { targetForm } from "./target.js";

/**
 * @param page
 * @param {"recover" | "cancel" | "accept"} action
 */
export function journey(page, action) {
  const places = { proof: h("div", {}), send: h("div", {}), standing: h("div", {}) };
  let wallet;
  let target;

  const stand = () => {
    if (wallet === undefined || !target?.contract || action === "accept") return;
    places.standing.replaceChildren(standingView(page, target, wallet));
  };
  const onWallet = (picked) => {
    wallet = picked;
    stand();
  };
  const onProof = (file, { calldata } = {}) => {
    places.send.replaceChildren(sender(page, target, { file, calldata }, { wallet: () => wallet, onWallet, onSent: stand }));
  };
  const onTarget = (made) => {
    target = made;
    places.send.replaceChildren();
    places.proof.replaceChildren(mailProof(page, target, onProof, () => wallet), foreignProof(page, onProof));
    stand();
  };
  return [targetForm(page, action, { onTarget, onWallet }), places.proof, places.send, places.standing];
}

export function recover(page) {
  const { t } = page;
  const steps = h("ol", { class: "steps" }, ...[1, 2, 3, 4].map((i) => h("li", {}, t(`recover.step.${i}`))));
  return [h("h1", {}, t("recover.title")), h("p", {}, t("recover.what")), steps, ...journey(page, "recover")];
}

export function cancel(page) {
  const { t } = page;
  return [h("h1", {}, t("cancel-recovery.title")), h("p", {}, t("cancel-recovery.what")), ...journey(page, "cancel")];
}
