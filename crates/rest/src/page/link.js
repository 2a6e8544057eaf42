"use strict";
// The token is taken out of the address bar, so that it stays in no history. Nothing is sent before the button is
// pressed: programs that open links in mails, to scan them, must not use the token.
const token = decodeURIComponent(location.hash.slice(1));
history.replaceState(null, "", location.pathname);

const element = (id) => document.getElementById(id);
const form = element("form");
const message = element("message");

// What each page does: the field that it asks for, the request, and the sentence when it is done.
const pages = {
  "/verify-email": {
    title: "Confirm your e-mail address",
    explanation: token.startsWith("mce_")
      ? "Enter the password of your account to give it this address, or sign in first and leave it empty."
      : "Enter the password that you chose, or sign in first. If you chose none, leave it empty: a password that was chosen for you is then removed.",
    field: "current",
    button: "Confirm",
    path: "/api/auth/email/verify",
    body: ({ current }) => (current ? { token, password: current } : { token }),
    done: (data) => `${data.email} is confirmed.` + (data.passwordRemoved ? " We sent you a link to choose a password." : ""),
  },
  "/reset-password": {
    title: "Set a new password",
    explanation: "Every device is signed out when you set a new password.",
    field: "new",
    button: "Set the password",
    path: "/api/auth/password/reset",
    body: (values) => ({ token, password: values.new }),
    done: () => "Your password is set. You can sign in with it now.",
  },
  "/invitation": {
    title: "Accept the invitation",
    explanation: "Choose a password for your account.",
    field: "new",
    button: "Accept",
    path: "/api/auth/invitation/accept",
    body: (values) => ({ token, password: values.new, transport: "cookie" }),
    done: (data) => `Welcome, ${data.user.name}. You are signed in.`,
  },
  "/magic-link": {
    title: "Sign in",
    explanation: "Sign in in this browser.",
    button: "Sign in",
    path: "/api/auth/magic-link/verify",
    body: () => ({ token, transport: "cookie", confirm: isConfirmed }),
    done: (data) => (data.mfaRequired ? "Your second factor is asked for next." : "You are signed in."),
  },
};

// What the button does when the account is to be deleted.
const restoration = (restoreToken) => ({
  button: "Restore the account",
  path: "/api/auth/restore",
  body: () => ({ restoreToken, transport: "cookie" }),
  done: () => "The account is kept, and you are signed in.",
});

// Whether the reader has confirmed, in another browser than the one that asked for the link, that they asked for it.
let isConfirmed = false;

let page = pages[location.pathname.replace(/\/$/, "")];

if (page === undefined || token === "") {
  message.textContent = "Open this page by the link in the mail.";
} else {
  document.title = page.title;
  element("title").textContent = page.title;
  element("explanation").textContent = page.explanation;
  element("button").textContent = page.button;
  if (page.field !== undefined) {
    element(page.field).hidden = false;
    form.elements.namedItem(page.field).required = page.field === "new";
  }
  form.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  message.textContent = "…";
  try {
    const answer = await fetch(page.path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(page.body(Object.fromEntries(new FormData(form)))),
    });
    if (answer.ok) {
      const data = answer.status === 204 ? {} : (await answer.json()).data;
      if (data.deletionPending) {
        page = restoration(data.restoreToken);
        element("button").textContent = page.button;
        message.textContent = `This account is to be deleted on ${new Date(data.deletionAt).toLocaleString()}. Do you want to keep it?`;
        return;
      }
      form.hidden = true;
      message.textContent = page.done(data);
      return;
    }
    const { error } = await answer.json();
    if (error.code === "INVALID_STATE" && page.path === "/api/auth/magic-link/verify") {
      isConfirmed = true;
      element("button").textContent = "I asked for it: sign in";
      message.textContent = "The link was requested in another browser. If you did not ask for it, close this page.";
      return;
    }
    message.textContent = [error.message, ...(error.details ?? []).map((detail) => `${detail.path} ${detail.message}`)].join("; ");
  } catch {
    message.textContent = "The server did not answer.";
  }
});
