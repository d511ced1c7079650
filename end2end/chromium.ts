import { devices } from '@playwright/test';

// The system's Chromium if `cargo xtask` found one, else Playwright's own.
const executablePath = process.env.PLAYWRIGHT_CHROMIUM || undefined;

/** How Chromium starts, for the tests and the measurements. */
export const chromium = {
  ...devices['Desktop Chrome'],
  launchOptions: {
    executablePath,
    // No sandbox, because tests run as root in containers. The other flags keep the browser from contacting anything
    // but the server.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      // Without this, each test starts two processes: one for the first empty page, and one because of the opener
      // policy of the application's first page.
      '--renderer-process-limit=1',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};
