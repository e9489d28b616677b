/** Drawings of what to press in a mail program: shapes without words, so that they fit every language and every version. */

const SPACE = "http://www.w3.org/2000/svg";

/** An SVG element; `class` says how it is painted. */
function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const box = (x, y, width, height, paint, rx = 3) => shape("rect", { x, y, width, height, rx, class: paint });
const line = (x, y, width) => box(x, y, width, 5, "faint", 2);
const dot = (cx, cy) => shape("circle", { cx, cy, r: 2.5, class: "ink" });
const mark = (x, y, width, height) => box(x, y, width, height, "mark", 6);
const arrow = (d) => shape("path", { d, class: "mark" });

/** A window with a mail in it. */
const mail = () => [box(2, 2, 196, 106, "paper"), line(14, 14, 90), line(14, 46, 150), line(14, 60, 165), line(14, 74, 120), line(14, 88, 140)];

const SCENES = {
  dots: () => [...mail(), shape("path", { d: "M150 20l-8 6 8 6", class: "stroke" }), dot(176, 20), dot(176, 26), dot(176, 32), mark(166, 12, 20, 28)],
  menu: () => [
    ...mail(),
    box(96, 10, 96, 90, "sheet"),
    ...[22, 38, 70, 86].map((y) => line(106, y, 60)),
    box(100, 49, 88, 16, "chosen"),
    box(106, 54, 70, 5, "ink", 2),
    mark(98, 46, 92, 22),
  ],
  menubar: () => [
    box(2, 2, 196, 106, "paper"),
    box(2, 2, 196, 18, "sheet"),
    ...[12, 72, 104, 136].map((x) => line(x, 9, 22)),
    box(42, 9, 22, 5, "ink", 2),
    mark(36, 3, 34, 17),
    ...[36, 52, 68, 84].map((y) => line(14, y, 150)),
  ],
  drop: () => [
    shape("rect", { x: 24, y: 58, width: 152, height: 44, rx: 5, class: "dashed" }),
    box(84, 6, 32, 40, "sheet"),
    line(90, 16, 20),
    line(90, 26, 20),
    arrow("M100 50v26m-9-9 9 9 9-9"),
  ],
  paste: () => [box(24, 10, 152, 90, "paper"), ...[22, 36, 50].map((y) => box(34, y, 120, 6, "chosen", 2)), arrow("M100 62v24m-9-9 9 9 9-9")],
};

/**
 * A drawing, with what it shows in words for whoever does not see it.
 * @param {keyof typeof SCENES} scene
 * @param {string} words
 */
export function picture(scene, words) {
  return shape("svg", { viewBox: "0 0 200 110", role: "img", "aria-label": words, class: "picture" }, ...SCENES[scene]());
}
