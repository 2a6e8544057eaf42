"use strict";
// The token is taken out of the address bar, so that it stays in no history.
const given = location.hash.slice(1);
const token = new URLSearchParams(given).get("token") ?? decodeURIComponent(given);
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const message = document.getElementById("message");

if (token === "") {
  message.textContent = "Open this page by the link that the server printed at its first start.";
  form.hidden = true;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, email, password } = Object.fromEntries(new FormData(form));
  message.textContent = "…";
  try {
    const answer = await fetch("/api/auth/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, name, email, password, transport: "cookie" }),
    });
    if (answer.ok) {
      form.hidden = true;
      message.textContent = `Done. You are signed in as ${email}.`;
      return;
    }
    const { error } = await answer.json();
    message.textContent = [error.message, ...error.details.map((fault) => `${fault.path} ${fault.message}`)].join("; ");
  } catch {
    message.textContent = "The server did not answer.";
  }
});
