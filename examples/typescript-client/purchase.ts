// A purchase, from the product on sale to the paid order, by a client whose types come from the OpenAPI document.
//
//   node build/purchase.js http://127.0.0.1:3000 admin@example.com 'the password'

import createClient, { type Middleware } from "openapi-fetch";
import { randomUUID } from "node:crypto";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Order = Schemas["Order"];
type Failure = Schemas["Failure"];

/** Calls the API at `baseUrl`, with a token when there is one. */
function client(baseUrl: string, token?: string) {
  const api = createClient<paths>({ baseUrl });
  const authorize: Middleware = {
    onRequest({ request }) {
      if (token) request.headers.set("authorization", `Bearer ${token}`);
      return request;
    },
  };
  api.use(authorize);
  return api;
}

/** The data of an answer; an error with the stable code when the API refused. */
function data<T>(answer: { data?: { data: T } | undefined; error?: Failure | unknown }): T {
  if (answer.data) return answer.data.data;
  const failure = answer.error as Failure | undefined;
  throw new Error(failure?.error ? `${failure.error.code}: ${failure.error.message}` : "no answer");
}

/** The access token of an answer to a sign-in. */
function accessToken(answer: Schemas["Tokens"] | Schemas["SecondFactorRequest"] | Schemas["RestoreOffer"]): string {
  if ("restoreToken" in answer) throw new Error("the account is to be deleted");
  if ("mfaToken" in answer) throw new Error("the account has a second factor");
  if (!answer.accessToken) throw new Error("the tokens came as cookies");
  return answer.accessToken;
}

async function purchase(baseUrl: string, email: string, password: string): Promise<Order> {
  const anyone = client(baseUrl);
  const login = await anyone.POST("/api/auth/login", { body: { email, password } });
  const admin = client(baseUrl, accessToken(data(login)));

  const run = randomUUID();
  const price = { amount: 1450, currency: "USD" };
  const product = data(
    await admin.POST("/api/products", {
      body: { sku: `MUG-${run}`, name: "Enamel mug", price, stock: 10, status: "active" },
    }),
  );

  const registered = await anyone.POST("/api/auth/register", {
    body: { email: `ann-${run}@example.com`, password: "mugs are my weakness", name: "Ann" },
  });
  const ann = client(baseUrl, accessToken(data(registered)));

  const placed = data(
    await ann.POST("/api/orders", {
      params: { header: { "Idempotency-Key": run } },
      body: { items: [{ productId: product.id, quantity: 2 }] },
    }),
  );
  const path = { id: placed.id };
  data(await ann.POST("/api/orders/{id}/pay", { params: { path } }));

  // A job collects the money; half a minute is far more than it takes.
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const order = data(await ann.GET("/api/orders/{id}", { params: { path } }));
    if (order.status === "paid") return order;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`order ${placed.number} was not paid in time`);
}

const [baseUrl, email, password] = process.argv.slice(2);
if (!baseUrl || !email || !password) {
  console.error("usage: node build/purchase.js URL ADMIN_EMAIL ADMIN_PASSWORD");
  process.exit(2);
}
const order = await purchase(baseUrl, email, password);
console.log(`order ${order.number} is ${order.status}: ${order.total.amount} ${order.total.currency} (minor units)`);
