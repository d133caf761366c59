// Writes ../static/report.js and ../static/report.css, the same bytes for the same sources and lock file.
// With --tests: bundles tests/*.test.ts into .tests/ for `node --test`.
import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LARGEST = 60 * 1024; // bytes of script after gzip

const shared = { bundle: true, logLevel: "warning", legalComments: "none", charset: "utf8" };

if (process.argv.includes("--tests")) {
  rmSync(".tests", { recursive: true, force: true });
  const entryPoints = readdirSync("tests").filter((name) => name.endsWith(".test.ts")).map((name) => `tests/${name}`);
  await build({ ...shared, entryPoints, outdir: ".tests", platform: "node", format: "esm", outExtension: { ".js": ".mjs" } });
} else {
  const jsx = { jsx: "automatic", jsxImportSource: "preact" };
  const banner = "/* emoagent's report, built from viewer/front; preact and its signals (MIT) inside: see NOTICE */";
  await build({ ...shared, ...jsx, entryPoints: ["src/main.tsx"], outfile: "../static/report.js", format: "iife",
                target: "es2022", minify: true, banner: { js: banner } });
  await build({ ...shared, entryPoints: ["src/style/index.css"], outfile: "../static/report.css", minify: true });
  const size = gzipSync(readFileSync("../static/report.js"), { level: 9 }).length;
  console.log(`report.js: ${size} bytes after gzip, of ${LARGEST}`);
  if (size > LARGEST) process.exit(1);
}
