/** For who has lost everything but the mailbox: the accounts that it guards, by what they published, and their salts. */

import { copyButton, h, save } from "./dom.js";
import { PageFault } from "./fault.js";
import { mailPicker, providers } from "./mail.js";
import { guarded } from "./reports.js";
import { committeeOf, nodeUrlOf } from "./salts.js";
import { allEscrows, weightOf } from "./wallet.js";

/**
 * @param page
 * @param {{wallet: () => any, place: () => {chain: string, contract: string}, onAccount: (account: string) => void}} how
 *   `place` says which contract is searched
 */
export function finder(page, { wallet, place, onAccount }) {
  const { t, site, found, leaving } = page;
  const subject = h("div", { "aria-live": "polite" });
  const result = h("div", { "aria-live": "polite" });
  let key;

  const make = guarded(t, subject, async () => {
    if (wallet() === undefined) throw new PageFault("wallet-first");
    const { chain } = place();
    await wallet().turnTo(chain);
    const { number, hash } = await wallet().block();
    const made = await (await page.zkdkim()).findSubject({ committee: await committeeOf(site), chain, block: number, hash });
    key = made.key;
    const href = `mailto:?subject=${encodeURIComponent(made.subject)}`;
    subject.replaceChildren(
      h("output", { class: "code", id: "find-subject" }, made.subject),
      copyButton(t("copy"), t("copied"), () => made.subject),
      h("a", { class: "button main", href }, t("subject.write")),
      h("p", {}, t("find.send")),
    );
  });

  const search = guarded(t, result, async (mail) => {
    if (key === undefined) throw new PageFault("find-first");
    result.replaceChildren(h("p", {}, t("find.running")));
    const escrows = allEscrows(wallet(), place(), site.chains[place().chain]?.since);
    const options = { committee: await committeeOf(site), key, escrows, nodeUrl: nodeUrlOf(site), signal: leaving };
    const scan = await (await page.zkdkim()).findAccounts(mail, await page.registry(), options);
    const own = [];
    for (const one of scan.accounts) {
      // Anybody can encrypt any salt to anybody: what the account stores decides.
      const weight = await weightOf(wallet(), { ...place(), account: one.account }, one.commitment);
      if (weight > 0n) own.push(one);
    }
    own.forEach(({ account, salt }) => found.set(account, salt));
    const none = h("p", { role: "alert", class: "bad" }, t("find.none", { tried: scan.tried }));
    result.replaceChildren(own.length === 0 ? none : h("p", { class: "good" }, t("find.found", { tried: scan.tried })), h("ul", {}, ...own.map(shown)));
  });

  const shown = ({ account, salt }) => {
    const take = () => {
      onAccount(account);
      result.append(h("p", { role: "status" }, t("find.taken")));
    };
    const pick = h("button", { type: "button", class: "main", click: take }, t("find.take", { account }));
    const keep = h("button", { type: "button", click: () => save(`zkdkim-salt-${account}.json`, salt) }, t("find.keep", { account }));
    return h("li", {}, h("code", {}, account), " ", pick, keep);
  };

  return h(
    "details",
    {},
    h("summary", {}, t("find.title")),
    h("p", {}, t("find.what")),
    h("button", { type: "button", click: make }, t("find.make")),
    subject,
    mailPicker(t, search),
    result,
    providers(t),
  );
}
