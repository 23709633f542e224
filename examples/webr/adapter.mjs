// R's glm in WebAssembly as an implementation under test: the R adapter beside this one (../r/adapter.R), asked line
// by line inside webR, under Node.
//
//     npm install webr ws
//     glm-conformance gate --command "node adapter.mjs"
//
// webR is looked for in the working directory's node_modules, and in NODE_PATH.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { WebR } = createRequire(join(process.cwd(), "here"))("webr");
const webR = new WebR({ interactive: false });
await webR.init();
await webR.FS.writeFile("/tmp/adapter.R", readFileSync(new URL("../r/adapter.R", import.meta.url)));
await webR.evalRVoid('source("/tmp/adapter.R")');
await webR.evalRVoid("said <- function(line) { request <- from_json(line); answers[[request$cmd]](request) }");

const asked = async (line) => {
  await webR.objs.globalEnv.bind("line", line);
  return webR.evalRString("said(line)");
};
const introduced = (said) => {
  const ofR = JSON.parse(said);
  return JSON.stringify({ ...ofR, name: "webR glm (examples/webr)", version: `${webR.version}, R ${ofR.version}` });
};

for await (const line of createInterface({ input: process.stdin })) {
  const { cmd } = JSON.parse(line);
  if (cmd === "stop") break;
  const said = await asked(line);
  process.stdout.write((cmd === "start" ? introduced(said) : said) + "\n");
}
process.exit(0);
