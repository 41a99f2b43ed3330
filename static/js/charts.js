// A chart's drawing as SVG and its table as CSV, made from what is already on the page.

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The same rule as the server's exports: text that a spreadsheet would run gets an apostrophe.
function cell(text) {
  const number = /^[-−]?£?[\d,.]+%?$/.test(text);
  const safe = !number && /^\s*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

function asCsv(table) {
  const rows = [...table.rows].map((row) =>
    [...row.cells].map((one) => cell(one.textContent.replace(/\s+/g, " ").trim())).join(","),
  );
  return `\ufeff${rows.join("\r\n")}\r\n`;
}

function button(text, name, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "sv-link-button";
  element.textContent = text;
  const about = document.createElement("span");
  about.className = "govuk-visually-hidden";
  about.textContent = `: ${name}`;
  element.append(about);
  element.addEventListener("click", action);
  return element;
}

export function offerDownloads(figure) {
  const key = figure.dataset.chart;
  const drawing = figure.querySelector("svg[role=img]");
  const table = figure.querySelector("table");
  if (!drawing || !table) return;
  const name = figure.querySelector("figcaption :first-child").textContent.trim();
  const line = document.createElement("p");
  line.className = "sv-chart__downloads";
  line.append(
    button("Download the table (CSV)", name, () => save(`${key}.csv`, "text/csv", asCsv(table))),
    button("Download the picture (SVG)", name, () =>
      save(`${key}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(drawing)),
    ),
  );
  figure.append(line);
}
