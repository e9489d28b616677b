/** Where a mail comes from: a file, a drop, a paste. Nothing else reads a mailbox. */

import { h, newId } from "./dom.js";
import { picture } from "./pictures.js";

/** The command line reads no more either. */
const MOST_BYTES = 64 << 20;

/**
 * @param {(key: string, values?: object) => string} t
 * @param {(mail: Blob, name: string) => void} onMail
 */
export function mailPicker(t, onMail) {
  const [fileId, pasteId] = [newId(), newId()];
  const status = h("p", { role: "status" });
  const take = (blob, name) => {
    if (blob.size > MOST_BYTES) {
      status.textContent = t("mail.large");
      return;
    }
    status.textContent = t("mail.taken", { name, size: Math.ceil(blob.size / 1024) });
    onMail(blob, name);
  };
  const input = h("input", {
    type: "file",
    id: fileId,
    accept: ".eml,.emlx,.mbox,.txt,message/rfc822",
    // The same file may be given again, when something else was missing the first time.
    click: () => (input.value = ""),
    change: () => input.files.length > 0 && take(input.files[0], input.files[0].name),
  });
  const paste = h("textarea", { id: pasteId, rows: 4, spellcheck: "false", autocomplete: "off" });
  const use = h("button", { type: "button", click: () => paste.value.trim() && take(new Blob([paste.value]), t("mail.pasted")) }, t("mail.use"));
  const box = h(
    "div",
    { class: "box drop" },
    h("label", { for: fileId }, t("mail.file")),
    input,
    h("p", { class: "soft" }, t("mail.drop")),
    h("details", {}, h("summary", {}, t("mail.paste")), h("label", { for: pasteId }, t("mail.source")), paste, use),
    status,
  );
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (file) take(file, file.name);
  });
  return box;
}

/** Of each provider, its steps: a text, and what is drawn beside it. */
const PROVIDERS = {
  gmail: ["dots", "menu"],
  outlook: ["dots", "menu"],
  apple: ["menubar", "menu"],
  thunderbird: ["dots", "menu"],
  fastmail: ["dots", "menu"],
  yahoo: ["dots", "menu"],
};
/** Those that give a text to copy instead of a file. */
const TEXT_ONLY = new Set(["yahoo"]);

/** How each provider gives a mail as it was received. */
export function providers(t) {
  const step = (words, scene) => h("li", {}, h("p", {}, words), picture(scene, t(`picture.${scene}`)));
  const one = ([id, scenes]) => {
    const steps = scenes.map((scene, i) => step(t(`from.${id}.${i + 1}`), scene));
    const last = TEXT_ONLY.has(id) ? step(t("from.text"), "paste") : step(t("from.file"), "drop");
    return h("details", {}, h("summary", {}, t(`from.${id}.name`)), h("ol", { class: "steps" }, ...steps, last));
  };
  return h("section", {}, h("h2", {}, t("from.title")), h("p", {}, t("from.why")), ...Object.entries(PROVIDERS).map(one));
}
