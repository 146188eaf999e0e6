// Signing in: one question to the line, then the page that was wanted.
"use strict";

const form = document.getElementById("sign-in");
const answer = document.getElementById("answer");
const button = form.querySelector("button");

function tell(text) {
  answer.textContent = text;
  answer.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const pin = document.getElementById("pin");
  button.disabled = true;
  try {
    const found = await fetch("/api/v1/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: document.getElementById("name").value.trim(), pin: pin.value }),
      signal: AbortSignal.timeout(20000),
    });
    if (found.ok) { location.replace(form.dataset.to); return; }
    tell(found.status === 401 ? form.dataset.wrong : form.dataset.locked);
  } catch {
    tell(form.dataset.unreachable);
  } finally {
    button.disabled = false;
  }
  pin.value = "";
  pin.focus();
});
