// A Chromium for the end-to-end tests, with an authenticator in software that holds passkeys and verifies its user.
//
//   node browser.mjs PATH-OF-playwright-core PATH-OF-chromium
//
// Reads one JSON command a line from standard input and answers each with one JSON line on standard output:
// {"result": …} or {"error": "…"}; the first line it prints is {"version": …}. It ends when standard input does.
//
//   {"command": "open", "url"}                  a new page, without cookies, in place of the present one
//   {"command": "evaluate", "script", "input"}  calls the function that the script is on the page, with the input
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [library, executablePath] = process.argv.slice(2);
const { chromium } = (await import(pathToFileURL(library))).default;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
let context, page, credentials = [];

// The device stays the same over all pages: what it holds moves from one page's authenticator to the next.
async function open(url) {
  if (context) {
    credentials = (await device.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    await context.close();
  }
  context = await browser.newContext();
  page = await context.newPage();
  device = await context.newCDPSession(page);
  await device.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true,
  };
  ({ authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', { options }));
  for (const credential of credentials) {
    await device.send('WebAuthn.addCredential', { authenticatorId, credential });
  }
  await page.goto(url);
}
let device, authenticatorId;

const evaluate = ({ script, input }) => page.evaluate(`(${script})(${JSON.stringify(input)})`);

async function execute(command) {
  switch (command.command) {
    case 'open': return open(command.url);
    case 'evaluate': return evaluate(command);
    default: throw new Error(`unknown command ${command.command}`);
  }
}

console.log(JSON.stringify({ version: browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { result: (await execute(JSON.parse(line))) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
