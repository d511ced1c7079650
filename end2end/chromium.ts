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
      // Else each test starts two processes for its page: an empty one first, which a page with a policy of its own cannot stay in.
      '--renderer-process-limit=1',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};
