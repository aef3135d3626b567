// The review desk's comforts: zoom, turn, single keys. Everything else works without this file.
"use strict";

for (const photo of document.querySelectorAll("[data-photo]")) {
  const view = photo.querySelector(".view");
  const image = photo.querySelector("img");
  let turned = 0;

  const zoom = (event) => {
    const at = event && event.offsetX !== undefined ? { x: event.offsetX / image.clientWidth, y: event.offsetY / image.clientHeight } : { x: 0.5, y: 0.5 };
    view.classList.toggle("zoomed");
    view.scrollTo((image.clientWidth - view.clientWidth) * at.x, (image.clientHeight - view.clientHeight) * at.y);
  };
  image.addEventListener("click", zoom);
  photo.querySelector("[data-zoom]").addEventListener("click", () => zoom());
  for (const button of photo.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => {
      turned += Number(button.dataset.turn);
      image.style.rotate = `${turned}deg`;
    });
  }
}

document.addEventListener("keydown", (event) => {
  // A key that is being typed belongs to the field.
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  if (key === "z") {
    for (const button of document.querySelectorAll("[data-zoom]")) button.click();
    return;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.tagName === "DETAILS") {
    target.open = true;
    target.querySelector("input[type=checkbox]").focus();
  } else {
    // Only moves the focus: Enter goes to the confirm step, a single key never decides.
    target.focus();
  }
});
