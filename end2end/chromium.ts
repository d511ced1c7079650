import { devices } from '@playwright/test';

// A system's Chromium where there is one (`cargo xtask` looks), else the one Playwright fetched.
const executablePath = process.env.PLAYWRIGHT_CHROMIUM || undefined;

/** How Chromium is started, for the tests and for what is measured. */
export const chromium = {
  ...devices['Desktop Chrome'],
  launchOptions: {
    executablePath,
    // No sandbox: tests run as root in containers. The rest keeps the browser from speaking to anyone but the server.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      // Else each test starts two processes: one for the empty page it begins with, and one because of the opener policy
      // of the first page of ours.
      '--renderer-process-limit=1',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};
