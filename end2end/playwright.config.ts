import { defineConfig, devices } from '@playwright/test';

import type { WorkerOptions } from './fixtures/test';

// A system's Chromium where there is one (`cargo xtask e2e` looks), else the one Playwright fetched.
const executablePath = process.env.PLAYWRIGHT_CHROMIUM || undefined;

const chromium = {
  ...devices['Desktop Chrome'],
  launchOptions: {
    executablePath,
    // No sandbox: tests run as root in containers. The rest keeps the browser from speaking to anyone but the server.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};

export default defineConfig<object, WorkerOptions>({
  testDir: 'tests',
  forbidOnly: Boolean(process.env.CI),
  fullyParallel: true,
  retries: 0,
  workers: 2,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    trace: 'retain-on-failure',
  },
  projects: [
    {
      name: 'chromium',
      testIgnore: '**/without-javascript/**',
      use: { ...chromium },
    },
    {
      name: 'chromium-no-js',
      testIgnore: '**/with-javascript/**',
      use: { ...chromium, javaScriptEnabled: false },
    },
  ],
});
