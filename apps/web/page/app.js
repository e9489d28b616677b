/** The page: its parts, its language, and the one worker that does the work. */

import { open } from "./zkdkim/index.js";
import { check } from "./check.js";
import { h } from "./dom.js";
import { asReport } from "./fault.js";
import { cancel, recover } from "./recover.js";
import { fault } from "./reports.js";
import { guardian, setup } from "./setup.js";
import { languages, texts } from "./texts.js";

const VIEWS = { recover, guardian, check, setup, cancel };
/** Reached by links alone. */
const UNLISTED = new Set(["cancel"]);
const TITLES = { cancel: "cancel-recovery" };

let client;
let fetched;
let told;
let leaving = new AbortController();
/** Salts that the search for accounts found, by account. */
const found = new Map();

/** The package, opened when something is first asked of it. */
const zkdkim = () => (client ??= open());

/** The registry that the host of this page keeps beside it. */
function registry() {
  fetched ??= fetch("registry.json", { cache: "no-cache" }).then(async (response) => {
    if (!response.ok) throw new Error(`registry.json: ${response.status}`);
    return response.text();
  });
  // A failure is no answer for ever.
  fetched.catch(() => (fetched = undefined));
  return fetched;
}

/** What the host of this page says: its chains and contracts, a relayer, salt nodes. A page without does with less. */
function site() {
  const empty = { chains: {} };
  told ??= fetch("site.json", { cache: "no-cache" }).then(async (response) => (response.ok ? { ...empty, ...(await response.json()) } : empty));
  return told.catch(() => ((told = undefined), empty));
}

/** A proof of our own, as whoever gets it will verify it. */
const accept = async (file) => (await zkdkim()).verify(file, { allowInsecureDev: (await zkdkim()).layout.insecure });

function language() {
  let chosen;
  try {
    chosen = localStorage.getItem("language");
  } catch {
    // Storage may be off.
  }
  const wanted = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return wanted.find((tag) => tag in languages) ?? "en";
}

function keep(tag) {
  try {
    localStorage.setItem("language", tag);
  } catch {
    // The choice lasts as long as the page.
  }
}

async function show(tag) {
  leaving.abort();
  leaving = new AbortController();
  const t = texts(tag);
  const [wanted, query = ""] = location.hash.slice(1).split("?");
  const name = Object.hasOwn(VIEWS, wanted) ? wanted : "recover";
  document.documentElement.lang = tag;
  const title = (view) => t(`${TITLES[view] ?? view}.title`);
  document.title = `${title(name)} – zkdkim`;
  const link = (view) => h("a", { href: `#${view}`, "aria-current": view === name ? "page" : null }, title(view));
  const choice = h(
    "select",
    {
      "aria-label": t("language"),
      change: () => {
        keep(choice.value);
        show(choice.value);
      },
    },
    ...Object.entries(languages).map(([code, label]) => h("option", { value: code, lang: code, selected: code === tag }, label)),
  );
  const main = h("main", { id: "main", tabindex: -1 });
  const header = h("header", {}, h("strong", {}, "zkdkim"), h("nav", { "aria-label": t("parts") }, ...Object.keys(VIEWS).filter((view) => !UNLISTED.has(view)).map(link)), choice);
  try {
    const { insecure } = (await zkdkim()).layout;
    const page = { t, zkdkim, registry, accept, site: await site(), query: new URLSearchParams(query), leaving: leaving.signal, insecure, found };
    main.append(...(insecure ? [h("p", { class: "banner", role: "note" }, t("insecure"))] : []), ...VIEWS[name](page));
  } catch (error) {
    // Such as a host without HTTPS.
    main.append(h("h1", {}, title(name)), fault(t, asReport(error)));
  }
  const footer = h("footer", {}, h("p", { class: "soft" }, t("local")));
  document.getElementById("app").replaceChildren(header, main, footer);
}

addEventListener("hashchange", async () => {
  await show(document.documentElement.lang);
  document.getElementById("main").focus();
});
await show(language());
navigator.serviceWorker?.register("sw.js").catch(() => undefined);
