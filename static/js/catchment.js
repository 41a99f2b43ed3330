// Wards are chosen on the map as well as in the list of boxes: a click on a ward ticks its box, and
// a tick colours the ward. The boxes alone do the same job; without this script the map only shows.
const ON = { fill: "#0b5563", text: "#ffffff" };
const OFF = { fill: "#ffffff", text: "#0f1f26" };

export function chooseOnMap(figure) {
  const boxes = new Map();
  for (const box of document.querySelectorAll(`input[type=checkbox][name="${figure.dataset.chooses}"]`)) {
    boxes.set(box.labels[0].textContent.trim(), box);
  }
  const said = figure.querySelector("[data-said]");
  for (const ward of figure.querySelectorAll("path[data-ward]")) {
    const box = boxes.get(ward.dataset.ward);
    if (!box) continue;
    const words = figure.querySelectorAll(`text[data-ward="${CSS.escape(ward.dataset.ward)}"]`);
    const paint = () => {
      const look = box.checked ? ON : OFF;
      ward.setAttribute("fill", look.fill);
      ward.setAttribute("stroke", box.checked ? "#ffffff" : "#4a5a63");
      for (const text of words) {
        text.setAttribute("fill", look.text);
        text.setAttribute("stroke", look.fill);
      }
      const number = [...boxes.values()].filter((one) => one.checked).length;
      said.textContent = `${number} ${number === 1 ? "ward is" : "wards are"} chosen`;
    };
    ward.classList.add("sv-map__choice");
    ward.addEventListener("click", () => box.click());
    box.addEventListener("change", paint);
    paint();
  }
  figure.querySelector("[data-how]").hidden = false;
}
