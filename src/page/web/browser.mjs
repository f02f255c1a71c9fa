// The browser that is installed, which tests and pictures use.

/** As a reader's window is. */
export const viewport = { width: 1280, height: 800 };

export const launchOptions = {
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  // Pages are our own, and whoever runs the tests may be root.
  args: ["--no-sandbox"],
};
