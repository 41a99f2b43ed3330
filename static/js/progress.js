// Keeps a progress panel up to date without reloading the page. What changed is said politely,
// the focus stays where it is, and nothing is opened that was not asked for.
const EVERY = 3000;

export function follow(panel) {
  const said = panel.querySelector("[data-progress-status]");
  const timer = setInterval(async () => {
    let page;
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return; // No answer this time; the next may come.
    }
    const now = page.querySelector("[data-progress]");
    if (!now) {
      clearInterval(timer);
      panel.querySelector("[data-progress-now]").hidden = true;
      panel.querySelector("[data-progress-done]").hidden = false;
      said.textContent = panel.dataset.progressFinished;
      document.querySelectorAll("[data-progress-only]").forEach((each) => each.remove());
      return;
    }
    panel.querySelector("[data-progress-now]").innerHTML =
      now.querySelector("[data-progress-now]").innerHTML;
    const words = now.dataset.progressWords;
    if (words && words !== panel.dataset.progressWords) {
      panel.dataset.progressWords = words;
      said.textContent = words;
    }
  }, EVERY);
}
