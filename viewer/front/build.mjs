// Writes what is shipped of the report (../static/) and of the demo of `emoagent serve` (../../bridges/http/static/), the
// same bytes for the same sources and lock file, wherever they lie. With --tests: bundles tests/*.test.ts into .tests/ for
// `node --test`.
import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";

const REPORT = "../static";
const DEMO = "../../bridges/http/static";
const LARGEST = { [`${REPORT}/report.js`]: 60 * 1024, [`${DEMO}/demo.js`]: 25 * 1024 }; // bytes of script after gzip

const shared = { bundle: true, logLevel: "warning", legalComments: "none", charset: "utf8" };
const jsx = { jsx: "automatic", jsxImportSource: "preact" };

const inside = "built from viewer/front; preact and its signals (MIT) inside: see NOTICE";

function script(source, outfile, banner) {
  return build({ ...shared, ...jsx, entryPoints: [source], outfile, format: "iife", target: "es2022", minify: true,
                 banner: { js: `/* ${banner} */` } });
}

function style(source, outfile) {
  return build({ ...shared, entryPoints: [source], outfile, minify: true });
}

if (process.argv.includes("--tests")) {
  rmSync(".tests", { recursive: true, force: true });
  const entryPoints = readdirSync("tests").filter((name) => name.endsWith(".test.ts")).map((name) => `tests/${name}`);
  await build({ ...shared, entryPoints, outdir: ".tests", platform: "node", format: "esm", outExtension: { ".js": ".mjs" } });
} else {
  await script("src/main.tsx", `${REPORT}/report.js`, `emoagent's report, ${inside}`);
  await style("src/style/index.css", `${REPORT}/report.css`);
  await script("src/demo/main.tsx", `${DEMO}/demo.js`, `emoagent's live demo, ${inside}`);
  await script("src/demo/worklet.ts", `${DEMO}/worklet.js`, "emoagent's microphone, built from viewer/front");
  await style("src/demo/style/index.css", `${DEMO}/demo.css`);
  for (const [file, most] of Object.entries(LARGEST)) {
    const size = gzipSync(readFileSync(file), { level: 9 }).length;
    console.log(`${file.split("/").pop()}: ${size} bytes after gzip, of ${most}`);
    if (size > most) process.exitCode = 1;
  }
}
