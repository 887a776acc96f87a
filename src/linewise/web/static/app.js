// Live hints only: every page works without this file.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  for (const form of document.querySelectorAll("[data-drop]")) {
    const input = form.querySelector("input[type=file]");
    const live = form.querySelector("[data-live]");
    const say = () => {
      const file = input.files[0];
      if (!file) return;
      const big = file.size > Number(input.dataset.largest);
      live.textContent = big ? "This file is too big to be a patient record. The limit is 64 MB." : `Chosen: ${file.name}`;
    };
    form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      form.classList.remove("over");
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; say(); }
    });
    input.addEventListener("change", say);
  }
  const target = () => {
    const found = document.getElementById(location.hash.slice(1));
    if (found instanceof HTMLDetailsElement) found.open = true;
  };
  window.addEventListener("hashchange", target);
  if (location.hash.length > 1) target();
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
})();
