// Starts the Design System's components and offers each chart as a file, keeps
// the roles of tables, lets wards be chosen on a map, and follows a long import.
// Everything on every page works without this script.
import { initAll } from "../vendor/govuk-frontend/govuk-frontend.min.js";
import { keepTableRoles } from "./cards.js";
import { chooseOnMap } from "./catchment.js";
import { offerDownloads } from "./charts.js";
import { follow } from "./progress.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
initAll();
document.querySelectorAll("[data-chart]").forEach(offerDownloads);
document.querySelectorAll("[data-chooses]").forEach(chooseOnMap);
document.querySelectorAll("table.sv-list").forEach(keepTableRoles);
document.querySelectorAll("[data-progress]:not([data-progress-reloads])").forEach(follow);
