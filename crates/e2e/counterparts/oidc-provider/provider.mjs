// An OpenID provider for the end-to-end tests: npm `oidc-provider` with its own pages for login and consent.
//
//   node provider.mjs PATH-OF-oidc-provider PORT
//
// Listens on the port (0: a free one) of 127.0.0.1. Reads one JSON command a line from standard input and answers each
// with one JSON line on standard output; the first line it prints is {"port": …}. It ends when standard input does, so
// that no killed test leaves it behind.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// Standard output is for answers; the library writes notices.
console.info = console.error;
const [, , library, port] = process.argv;
const { default: Provider } = await import(pathToFileURL(library));

const accounts = new Map();
const issued = [];
const server = createServer((request, response) => provider(request, response));
let client;
let keys = [key()];
let provider = (_request, response) => response.writeHead(503).end();

function key() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

async function findAccount(_context, id) {
  const found = accounts.get(id);
  return found && { accountId: found.sub, claims: () => found };
}

// Sessions, grants and codes live in the memory of the process, so a new configuration keeps them.
function configure() {
  const made = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{ ...client, grant_types: ['authorization_code', 'refresh_token'] }],
    jwks: { keys },
    findAccount,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['the provider signs its cookies with this'] },
    pkce: { required: () => true },
  });
  made.on('grant.success', ({ body }) => {
    issued.push(...[body.access_token, body.refresh_token, body.id_token].filter(Boolean));
  });
  made.on('server_error', (_context, error) => console.error(error));
  provider = made.callback();
}

const commands = {
  // Registers the one client: {"client_id", "client_secret", "redirect_uris"}.
  client(body) {
    client = body;
    configure();
  },
  // Adds or changes an account: {"claims": {"sub", "email", …}}. Its login on the page is its subject.
  account({ claims }) {
    accounts.set(claims.sub, claims);
  },
  // Signs with another key from now on. The former one is published no more.
  rotate() {
    keys = [key()];
    configure();
  },
  // Returns the tokens that it has issued.
  issued: () => issued,
};

const answer = (value) => process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
server.listen(Number(port), '127.0.0.1', () => answer({ port: server.address().port }));
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...body } = JSON.parse(line);
  answer(commands[command](body));
}
process.exit(0);
