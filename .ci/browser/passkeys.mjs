// A person with passkeys, in Chromium with its virtual authenticator: registers two, signs in with and without a user name
// and as a second factor, and finds a removed one refused. The page is on the server's own origin, as passkeys require.
//
//   node passkeys.mjs URL CHROMIUM
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();
const page = await context.newPage();
await page.route(`${url}/page`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Shop</title>" }));
await page.goto(`${url}/page`);

const devtools = await context.newCDPSession(page);
await devtools.send("WebAuthn.enable");
const options = {
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true,
};
const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });

/// What a front end does: asks for options, calls the browser, and sends its response as it is.
const inPage = (steps) => page.evaluate(async ([steps]) => {
  const call = async (method, path, token, body) => {
    const headers = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, json: answer.status === 204 ? null : await answer.json() };
  };
  const { begin, body, kind, token, finish, wrap, extra } = steps;
  if (!begin) return call(steps.method, steps.path, token, body);
  const begun = await call("POST", begin, token, body);
  if (begun.status !== 200) return begun;
  const { publicKey } = begun.json.data;
  const credential = kind === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  const response = credential.toJSON();
  return call("POST", finish, token, wrap ? { ...extra, [wrap]: response } : { ...response, ...extra });
}, [steps]);

const call = (method, path, token, body) => inPage({ method, path, token, body });
const expect = (answer, status, code) => {
  assert.equal(answer.status, status, JSON.stringify(answer));
  if (code) assert.equal(answer.json.error.code, code);
  return answer.json?.data;
};

const person = { email: "ann@example.com", password: "walks in the long rain", name: "Ann" };
const { accessToken: token } = expect(await call("POST", "/api/auth/register", null, person), 201);

const register = (name) => inPage({
  begin: "/api/auth/passkeys/register/start", kind: "create", token,
  finish: "/api/auth/passkeys/register/finish", extra: { name },
});
const registered = expect(await register("Laptop"), 201);
assert.equal(registered.name, "Laptop");
assert.equal(registered.recoveryCodes.length, 10);
const held = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
assert.equal(held.credentials.length, 1);
assert.equal(held.credentials[0].rpId, "localhost");
assert.equal(held.credentials[0].isResidentCredential, true);

const signIn = (body) => inPage({
  begin: "/api/auth/passkeys/login/start", body, kind: "get", finish: "/api/auth/passkeys/login/finish",
});
for (const body of [undefined, { email: person.email }]) {
  const tokens = expect(await signIn(body), 200);
  assert.equal(tokens.user.email, person.email);
  expect(await call("GET", "/api/users/me", tokens.accessToken), 200);
}

const { email, password } = person;
const first = expect(await call("POST", "/api/auth/login", null, { email, password }), 200);
assert.deepEqual(first.methods, ["passkey", "recovery-code"]);
const second = await inPage({
  begin: "/api/auth/mfa/passkey", body: { mfaToken: first.mfaToken }, kind: "get",
  finish: "/api/auth/mfa/verify", wrap: "passkey", extra: { mfaToken: first.mfaToken },
});
assert.equal(expect(second, 200).user.email, email);

// The virtual authenticator counts: a copy of it would have gone back.
const [credential] = (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
assert.ok(credential.signCount >= 3, `${credential.signCount}`);

// Another one needs a step-up, and the same authenticator makes no second one.
expect(await register("Again"), 403, "STEP_UP_REQUIRED");
const stepUp = await inPage({
  begin: "/api/auth/step-up/passkey", kind: "get", token, finish: "/api/auth/step-up", wrap: "passkey",
});
expect(stepUp, 204);
await assert.rejects(register("Again"), /InvalidStateError|already registered|excluded/i);

// An authenticator that does not verify its user is not enough.
await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
await assert.rejects(signIn(), /NotAllowedError|not allowed/i);
await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });

expect(await call("DELETE", `/api/auth/passkeys/${registered.id}`, token), 204);
expect(await signIn(), 401, "INVALID_CREDENTIALS");
expect(await call("GET", "/api/auth/passkeys", token), 200);
await browser.close();
console.log("passkeys: registered, used, counted and removed in", executablePath);
