// Starts the Design System's components and offers each chart as a file.
// Everything on every page works without this script.
import { initAll } from "../vendor/govuk-frontend/govuk-frontend.min.js";
import { offerDownloads } from "./charts.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
initAll();
document.querySelectorAll("[data-chart]").forEach(offerDownloads);
