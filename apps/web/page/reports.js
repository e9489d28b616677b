/** What is said of a mail, and what a proof of it would show. */

import { h, table } from "./dom.js";
import { asReport } from "./fault.js";

/** A time, for everybody the same. */
export const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";

/** What is wrong and what to do: as it was said, or by the rule's texts. */
function words(t, { rule, values, detail, hint }) {
  const known = t.optional(`fault.${rule}`, values);
  if (known !== undefined && detail === undefined) return { detail: known, hint: t.optional(`fault.${rule}.hint`, values) };
  return { detail: detail ?? t("fault.reverted", { name: rule, ...values }), hint };
}

/** A refusal or an error, with clause, place and hint. */
export function fault(t, report) {
  const title = report.title === undefined ? t(`verdict.${report.verdict}`) : t("refused.title", { title: report.title });
  const { detail, hint } = words(t, report);
  const place = report.place;
  const where = place && [place.line && t("place.line", { line: place.line }), place.field].filter(Boolean).join(", ");
  const rows = [
    [t("refused.why"), detail],
    ...(where ? [[t("refused.where"), where]] : []),
    ...(hint ? [[t("refused.what"), hint]] : []),
    [t("refused.rule"), report.clause ? `${report.rule} (${t("refused.clause", { clause: report.clause })})` : report.rule],
  ];
  return h("div", { class: "box", role: "alert" }, h("h2", { class: "bad" }, title), table(t("refused.table"), rows));
}

/** An event's work, once at a time; what goes wrong is shown in `place`. */
export function guarded(t, place, work) {
  let busy = false;
  return async (...args) => {
    if (busy) return;
    busy = true;
    try {
      await work(...args);
    } catch (error) {
      // Whoever has left this part of the page wants no answer.
      if (error?.name !== "AbortError") place.replaceChildren(fault(t, asReport(error)));
    } finally {
      busy = false;
    }
  };
}

/** What a proof of this mail shows, and what stays hidden. */
export function revealed(t, report) {
  const shown = [
    [t("shown.subject"), report.subject],
    [t("shown.time"), report.not_before === 0 ? t("shown.none") : t("shown.after", { time: day(report.not_before) })],
    [t("shown.numbers"), t("shown.numbers.what")],
  ];
  const hidden = [
    [t("hidden.address"), report.address],
    [t("hidden.provider"), report.domain],
    [t("hidden.time"), report.timestamp === 0 ? t("shown.none") : day(report.timestamp)],
    [t("hidden.rest"), t("hidden.rest.what")],
  ];
  return h("div", {}, table(t("shown.title"), shown), table(t("hidden.title"), hidden));
}

/** Notes that are no reason to refuse. */
export function notes(report) {
  return (report.notes ?? []).map(({ detail, hint }) => h("p", { class: "banner" }, hint ? `${detail}. ${hint}` : detail));
}

/** Every rule with its outcome. */
export function rules(t, report) {
  const mark = { pass: "✓", warn: "!", fail: "✗", "not-reached": "–" };
  const row = (rule) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, rule.title),
      h("td", { class: rule.outcome === "fail" ? "bad" : null }, `${mark[rule.outcome]} ${t(`outcome.${rule.outcome}`)}`, rule.detail ? `: ${rule.detail}` : ""),
    );
  const rows = h("tbody", {}, ...report.rules.map(row));
  return h("details", {}, h("summary", {}, t("rules.title")), h("table", {}, h("caption", {}, t("rules.title")), rows));
}
