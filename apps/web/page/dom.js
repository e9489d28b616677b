/** Small helpers; text goes in as text, never as markup. */

let last = 0;

/** A new id, for labels. */
export const newId = () => `id-${++last}`;

/**
 * An element with attributes (functions become listeners, null and false leave them out) and children.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A labelled field; `field.value` is what was typed, without spaces around it. */
export function field(label, { hint, ...attributes } = {}) {
  const id = newId();
  const hintId = `${id}-hint`;
  const input = h("input", {
    id,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    ...attributes,
    "aria-describedby": hint ? hintId : null,
  });
  const element = h(
    "div",
    {},
    h("label", { for: id }, label),
    input,
    hint ? h("p", { id: hintId, class: "soft" }, hint) : null,
  );
  return {
    element,
    input,
    get value() {
      return input.value.trim();
    },
    set value(text) {
      input.value = text;
    },
  };
}

/** A table of names and values. */
export function table(caption, rows) {
  const row = ([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value));
  return h("table", {}, h("caption", {}, caption), h("tbody", {}, ...rows.map(row)));
}

/** Offers a text as a file. */
export function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A button that copies a text and says so. */
export function copyButton(label, done, text) {
  const button = h("button", { type: "button" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = done;
      setTimeout(() => (button.textContent = label), 2500);
    } catch {
      // Without the permission the text is still there to be selected.
    }
  });
  return button;
}
