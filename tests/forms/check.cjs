// Checks pages, images and diagrams in Chromium: node check.cjs MODULES CHROMIUM FILE...
// Prints a line that begins with PROBLEM for each problem.
const { createRequire } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");

const [modules, chromium, ...files] = process.argv.slice(2);
const load = createRequire(path.join(modules, "package.json"));
const puppeteer = load("puppeteer-core");
const { HtmlValidate } = load("html-validate");

// Widths of a phone, a tablet and a screen, each with a color scheme.
const SCREENS = [[360, "light"], [800, "dark"], [1400, "light"]];
const problem = (file, text) => console.log(`PROBLEM ${path.basename(file)}: ${text}`);

// Problems of a page: a line wider than the screen, links that lead nowhere, and a contrast below AA (WCAG 2.1 1.4.3).
function inspect() {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth} of ${root.clientWidth} columns wide`);
  const ids = new Set([...document.querySelectorAll("[id]")].map((element) => element.id));
  for (const link of document.querySelectorAll("a")) {
    if (!ids.has(link.getAttribute("href").slice(1))) found.push(`no target of ${link.getAttribute("href")}`);
  }
  const numbers = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const luminance = (color) => {
    const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = numbers(color).map(part);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    if (!color.startsWith("rgb")) continue;
    const [a, b] = [luminance(color), luminance(background(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(2)} of ${element.textContent.slice(0, 20)}`);
  }
  return found.slice(0, 5);
}

// Texts of an image that leave it, or that overlap another text of their row.
function inspectImage() {
  const image = document.querySelector("svg");
  const { width, height } = image.viewBox.baseVal;
  const texts = [...image.querySelectorAll("text")].map((text) => [text.textContent, text.getBBox()]);
  const found = [];
  for (const [text, box] of texts) {
    if (box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height) found.push(`outside: ${text}`);
    const overlaps = ([other, at]) => other !== text && Math.abs(at.y - box.y) < 4 && at.x < box.x + box.width && box.x < at.x + at.width;
    if (texts.some(overlaps)) found.push(`overlaps: ${text}`);
  }
  return found.slice(0, 5);
}

async function open(browser, file, width, scheme) {
  const page = await browser.newPage();
  page.on("console", (message) => problem(file, `console: ${message.text()}`));
  page.on("pageerror", (error) => problem(file, error.message));
  page.on("request", (request) => request.url().startsWith("file:") || problem(file, `requests ${request.url()}`));
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setViewport({ width, height: 900 });
  await page.goto(`file://${file}`);
  return page;
}

async function checkPage(browser, validator, file) {
  const report = await validator.validateString(fs.readFileSync(file, "utf8"), file);
  for (const result of report.results) {
    for (const message of result.messages.slice(0, 5)) problem(file, `line ${message.line}: ${message.message} (${message.ruleId})`);
  }
  for (const [width, scheme] of SCREENS) {
    const page = await open(browser, file, width, scheme);
    for (const text of await page.evaluate(inspect)) problem(file, `${width} columns, ${scheme}: ${text}`);
    await page.screenshot({ path: file.replace(/html$/, `${width}.png`) });
    await page.close();
  }
}

async function checkImage(browser, file) {
  const page = await open(browser, file, 1400, "light");
  for (const text of await page.evaluate(inspectImage)) problem(file, text);
  const [width, height] = await page.evaluate(() => {
    const size = document.querySelector("svg").viewBox.baseVal;
    return [Math.ceil(size.width), Math.ceil(size.height)];
  });
  await page.setViewport({ width, height: Math.min(height, 4000) });
  await page.screenshot({ path: file.replace(/svg$/, "png") });
  await page.close();
}

async function checkDiagrams(browser, diagrams) {
  const page = await browser.newPage();
  await page.addScriptTag({ path: path.join(modules, "node_modules/mermaid/dist/mermaid.min.js") });
  for (const file of diagrams) {
    const text = fs.readFileSync(file, "utf8");
    const diagram = file.endsWith(".md") ? (text.match(/```mermaid\n([\s\S]*?)```/) || [])[1] : text;
    const error = await page.evaluate(async (diagram, id) => {
      try {
        mermaid.initialize({ startOnLoad: false });
        await mermaid.parse(diagram);
        return (await mermaid.render(id, diagram)).svg ? "" : "no image";
      } catch (error) {
        return error.message;
      }
    }, diagram, `diagram${diagrams.indexOf(file)}`);
    if (error) problem(file, error);
  }
  await page.close();
}

async function main() {
  const of = (...endings) => files.filter((file) => endings.includes(path.extname(file)));
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
  // A long page may have many elements of one kind without a name each.
  const validator = new HtmlValidate({ extends: ["html-validate:standard"], rules: { "long-title": "off" } });
  for (const file of of(".html")) await checkPage(browser, validator, file);
  for (const file of of(".svg")) await checkImage(browser, file);
  await checkDiagrams(browser, of(".mmd", ".md"));
  await browser.close();
  console.log(`HTML: ${of(".html").length} pages at ${SCREENS.length} widths; images: ${of(".svg").length}; Mermaid: ${of(".mmd", ".md").length} diagrams`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
