/** What is said of a mail, and what a proof of it would show. */

import { h, table } from "./dom.js";

const time = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";

/** A refusal or an error, with clause, place and hint. */
export function fault(t, report) {
  const title = report.title === undefined ? t(`verdict.${report.verdict}`) : t("refused.title", { title: report.title });
  const place = report.place;
  const where = place && [place.line && t("place.line", { line: place.line }), place.field].filter(Boolean).join(", ");
  const rows = [
    [t("refused.why"), report.detail],
    ...(where ? [[t("refused.where"), where]] : []),
    ...(report.hint ? [[t("refused.what"), report.hint]] : []),
    [t("refused.rule"), report.clause ? `${report.rule} (${t("refused.clause", { clause: report.clause })})` : report.rule],
  ];
  return h("div", { class: "box", role: "alert" }, h("h2", { class: "bad" }, title), table(t("refused.table"), rows));
}

/** What a proof of this mail shows, and what stays hidden. */
export function revealed(t, report) {
  const shown = [
    [t("shown.subject"), report.subject],
    [t("shown.time"), report.not_before === 0 ? t("shown.none") : t("shown.after", { time: time(report.not_before) })],
    [t("shown.numbers"), t("shown.numbers.what")],
  ];
  const hidden = [
    [t("hidden.address"), report.address],
    [t("hidden.provider"), report.domain],
    [t("hidden.time"), report.timestamp === 0 ? t("shown.none") : time(report.timestamp)],
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
