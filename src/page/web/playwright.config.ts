// Tests run in the browser that is installed, on pages that are files.

import { defineConfig } from "@playwright/test";
import { launchOptions, viewport } from "./browser.mjs";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // A machine that does much else is slow, and not wrong. What must be quick is measured against the machine itself.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: "list",
  use: { viewport, launchOptions },
});
