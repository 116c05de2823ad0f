// Signatures on a page with ordinary forms: what was drawn goes into the form's hidden field.

import { wireSignatures } from "./signature.js";

wireSignatures();
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-sign-form]");
  if (!form) return;
  const { strokes } = form.querySelector("[data-signature]");
  if (strokes.length === 0) {
    event.preventDefault();
    const problem = form.querySelector("[data-problem]");
    problem.textContent = form.dataset.textNotSigned;
    problem.hidden = false;
    return;
  }
  form.elements.strokes.value = JSON.stringify(strokes);
});
