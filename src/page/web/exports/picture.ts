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

/** Colours on white: what is drawn in a dark page is drawn anew in light colours first. */
export async function inLight<T>(work: () => T): Promise<T> {
  const root = document.documentElement;
  const theme = root.dataset["theme"];
  root.dataset["theme"] = "light";
  try {
    await new Promise(requestAnimationFrame);
    return work();
  } finally {
    if (theme === undefined) delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
  }
}

/** A copy of an SVG element that looks the same wherever it is shown. */
export function standalone(svg: SVGSVGElement, title: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [originals, copies] = [svg, copy].map((root) => [root, ...root.querySelectorAll<SVGElement>("*")]);
  const texts: SVGTextContentElement[] = [];
  originals!.forEach((original, at) => {
    const one = copies![at]!;
    for (const attribute of [...one.attributes]) {
      const { name } = attribute;
      if (/^(class|style|tabindex|role|aria-.*|data-.*|on.*)$/.test(name)) one.removeAttribute(name);
    }
    if (
      ["title", "desc", "defs", "marker", "pattern", "clipPath"].includes(one.localName) &&
      one.localName !== "marker"
    )
      return;
    const style = getComputedStyle(original);
    for (const property of STYLES) {
      const value = style.getPropertyValue(property);
      if (value && value !== usual[property]) one.style.setProperty(property, value);
    }
    if (one instanceof SVGTextContentElement) texts.push(one);
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
