// The few icons of the controls.

const PATHS = {
  first: "M5 4v12M15 4l-8 6 8 6z",
  back: "M13 4l-8 6 8 6z",
  play: "M6 3l10 7-10 7z",
  pause: "M6 4v12M14 4v12",
  on: "M7 4l8 6-8 6z",
  last: "M15 4v12M5 4l8 6-8 6z",
  cross: "M5 5l10 10m0-10L5 15",
  check: "M4 11l4 4 8-10",
  flag: "M5 17V4h10l-3 3.5 3 3.5H5",
  filter: "M3 5h14M6 10h8M9 15h2",
  sun: "M10 3v2m0 10v2M3 10h2m10 0h2M5 5l1.4 1.4m7.2 7.2L15 15M15 5l-1.4 1.4M6.4 13.6L5 15M10 7a3 3 0 100 6 3 3 0 000-6z",
  help: "M7 7.5a3 3 0 114.3 2.7c-.9.5-1.3 1-1.3 2M10 15.3v.2",
} as const;

const FILLED = new Set<string>(["first", "back", "play", "on", "last"]);

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class={FILLED.has(name) ? "icon filled" : "icon"} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
