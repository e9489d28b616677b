/** All that the page says, by language. What the rules themselves say comes from the module, in English. */

import de from "./texts/de.js";
import en from "./texts/en.js";

/** Languages by the name that their speakers give them. */
export const languages = { en: "English", de: "Deutsch" };

const TEXTS = { en, de };

/** Keys that a language lacks, for a test. */
export const missing = Object.fromEntries(
  Object.keys(languages).map((tag) => [tag, Object.values(TEXTS).flatMap(Object.keys).filter((key) => !(key in TEXTS[tag]))]),
);

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

/** The texts of a language: `t(key, values)`, and `t.optional` where there may be none. */
export function texts(tag) {
  const optional = (key, values = {}) => (key in TEXTS[tag] ? filled(TEXTS[tag][key], values) : undefined);
  return Object.assign((key, values = {}) => filled(TEXTS[tag][key], values), { optional });
}
