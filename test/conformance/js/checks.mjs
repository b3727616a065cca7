// What the programs of the JavaScript SDK have in common: each check prints "ok
// NAME" or "not ok NAME: why".
import assert from "node:assert/strict";

export async function check(name, f) {
  try {
    await f();
    console.log(`ok ${name}`);
  } catch (e) {
    console.log(`not ok ${name}: ${String(e.stack ?? e).replaceAll("\n", " ")}`);
  }
}

export async function until(what, condition) {
  for (const end = Date.now() + 20_000; !(await condition()); await new Promise((r) => setTimeout(r, 20))) {
    assert(Date.now() < end, `not within 20 s: ${what}`);
  }
}
