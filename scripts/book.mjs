// A preprocessor of mdBook. A page that is nothing but a link to a file of the repository's root becomes that file, so
// that nothing is written twice; other links that leave docs/ lead to the repository, since the book has no such pages.
//
// mdBook asks `book.mjs supports RENDERER` (exit code 0: yes), then writes [context, book] to standard input.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (process.argv[2] === "supports") process.exit(0);

const [context, book] = JSON.parse(readFileSync(0, "utf8"));
const repository = context.config.output.html["git-repository-url"];
// Which page of the book shows which file of the root.
const pages = new Map();
each(book.items ?? book.sections, (chapter) => {
  const included = includedFile(chapter.content);
  if (included) pages.set(included, chapter.path);
});
each(book.items ?? book.sections, (chapter) => {
  const included = includedFile(chapter.content);
  const text = included ? readFileSync(join(root, included), "utf8") : chapter.content;
  const folder = included ? "." : join("docs", dirname(chapter.path));
  chapter.content = outsideCode(text, (part) => part.replace(/\]\(([^)\s]+)\)/g, (_, link) => `](${target(link, folder, chapter.path)})`));
});
process.stdout.write(JSON.stringify(book));

function each(items, visit) {
  for (const { Chapter } of items) {
    if (!Chapter) continue;
    if (Chapter.path) visit(Chapter);
    each(Chapter.sub_items, visit);
  }
}

function includedFile(text) {
  return text.trim().match(/^\[([A-Z]+\.md)\]\(\.\.\/\1\)$/)?.[1];
}

/** Changes a text, but not its blocks of code. */
function outsideCode(text, change) {
  return text
    .split(/(^```.*?^```)/ms)
    .map((part, i) => (i % 2 ? part : change(part)))
    .join("");
}

/** A link of a file in `folder` (from the root), as the page `path` needs it. */
function target(link, folder, path) {
  if (/^(https?:|mailto:|#)/.test(link)) return link;
  const [file, anchor] = link.split("#");
  const suffix = anchor ? `#${anchor}` : "";
  const found = normalize(join(folder, file));
  if (!existsSync(join(root, found))) throw new Error(`${path} links to ${link}, which is not there`);
  if (pages.has(found)) return relative(dirname(path), pages.get(found)) + suffix;
  if (/^docs\/.+\.md$/.test(found)) return relative(join("docs", dirname(path)), found) + suffix;
  return `${repository}/blob/main/${found}${suffix}`;
}
