// A table that is laid out as cards on a phone is no table any more to some browsers' screen
// readers. Said outright, its roles hold at every width. Without this script each value is still
// read with its label.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

function roleOf(element) {
  if (element.tagName !== "TH") return ROLES[element.tagName];
  return element.scope === "row" ? "rowheader" : "columnheader";
}

export function keepTableRoles(table) {
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, th, td")]) {
    part.setAttribute("role", roleOf(part));
  }
  table.classList.add("sv-list--roles");
}
