// The diagram as a picture: an SVG that stands alone, and a PNG of it.

/** What of a computed style a picture needs. */
const STYLES = [
  "display",
  "visibility",
  "opacity",
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "paint-order",
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
  "font-variant-numeric",
  "letter-spacing",
  "text-anchor",
  "dominant-baseline",
  "text-decoration-line",
];

/** Elements that have no looks. */
const PLAIN = new Set(["title", "desc", "defs", "clipPath"]);

/** A copy of an SVG element that looks the same wherever it is shown. */
export function standalone(svg: SVGSVGElement, title: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [originals, copies] = [svg, copy].map((root) => [root, ...root.querySelectorAll<SVGElement>("*")]);
  originals!.forEach((original, at) => {
    const one = copies![at]!;
    for (const attribute of [...one.attributes]) {
      const { name } = attribute;
      if (/^(class|style|tabindex|role|aria-.*|data-.*|on.*)$/.test(name)) one.removeAttribute(name);
    }
    if (PLAIN.has(one.localName)) return;
    const style = getComputedStyle(original);
    const around = original === svg ? null : getComputedStyle(original.parentElement!);
    for (const property of STYLES) {
      const value = style.getPropertyValue(property);
      // What it has from around it is written there.
      const isUsual = around && !ALONE.has(property) ? around.getPropertyValue(property) : usual[property];
      if (value && value !== isUsual) put(one, property, value);
    }
  });
  const { width, height } = svg.getBoundingClientRect();
  const box = svg.viewBox.baseVal;
  const whole = box && box.width > 0 ? [box.x, box.y, box.width, box.height] : [0, 0, width, height];
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", whole.join(" "));
  copy.setAttribute("width", String(whole[2]));
  copy.setAttribute("height", String(whole[3]));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const places = { x: whole[0], y: whole[1], width: whole[2], height: whole[3], fill: "#fff" };
  for (const [name, value] of Object.entries(places)) ground.setAttribute(name, String(value));
  copy.prepend(ground);
  const words = document.createElementNS("http://www.w3.org/2000/svg", "title");
  words.textContent = title;
  copy.prepend(words);
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}

/** Properties that nothing has from around it. */
const ALONE = new Set(["display", "opacity", "dominant-baseline", "text-decoration-line"]);

/** Sets a property. Programs that draw slides do not know `color(srgb 0.1 0.2 0.3 / 0.5)`. */
function put(one: SVGElement, property: string, value: string) {
  const found = /^color\(srgb ([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)$/.exec(value);
  if (!found) return one.style.setProperty(property, value);
  const [red, green, blue] = found.slice(1, 4).map((part) => Math.round(255 * Number(part)));
  one.style.setProperty(property, `rgb(${red}, ${green}, ${blue})`);
  if (found[4]) one.style.setProperty(`${property}-opacity`, found[4]);
}

/** Values that need not be written. */
const usual: Record<string, string> = {
  display: "inline",
  visibility: "visible",
  opacity: "1",
  "fill-opacity": "1",
  "stroke-opacity": "1",
  "stroke-dasharray": "none",
  stroke: "none",
  "stroke-linecap": "butt",
  "stroke-linejoin": "miter",
  "paint-order": "normal",
  "font-style": "normal",
  "font-variant-numeric": "normal",
  "letter-spacing": "normal",
  "text-decoration-line": "none",
  "dominant-baseline": "auto",
};

/** Twice as fine as it is shown. */
const FINE = 2;
/** Browsers draw no larger picture. */
const SIDE_MAX = 16_000;

/** An SVG as a PNG. */
export async function png(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const fine = Math.min(FINE, SIDE_MAX / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * fine);
    canvas.height = Math.round(image.naturalHeight * fine);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws no pictures");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the picture is too large"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
