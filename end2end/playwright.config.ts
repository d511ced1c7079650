import { existsSync } from 'node:fs';

import { type Project, defineConfig, devices, firefox, webkit } from '@playwright/test';

import { chromium } from './chromium';
import type { Options } from './fixtures/test';

// What is about Chromium's own ways, or has been shown there for every browser: these checks read documents and styles.
const CHROMIUM_ONLY = ['**/without-javascript/**', '**/accessibility.spec.ts', '**/checks.spec.ts', '**/documents.spec.ts'];

// Only where Playwright's own builds are: it cannot drive the Firefox and Safari of a machine.
const others: Project<Options>[] = [
  { name: 'firefox', use: devices['Desktop Firefox'], executable: firefox.executablePath() },
  { name: 'webkit', use: devices['Desktop Safari'], executable: webkit.executablePath() },
]
  .filter(({ executable }) => existsSync(executable))
  .map(({ name, use }) => ({ name, use, testIgnore: CHROMIUM_ONLY }));

export default defineConfig<Options>({
  testDir: 'tests',
  forbidOnly: Boolean(process.env.CI),
  fullyParallel: true,
  retries: 0,
  // One more than a small machine has processors: a test spends a third of its time waiting.
  workers: 3,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    // A trace of every test would take a third of the time: `cargo xtask e2e` runs what has failed once more, with traces.
    trace: 'off',
    screenshot: 'only-on-failure',
  },
  projects: [
    {
      name: 'chromium',
      testIgnore: '**/without-javascript/**',
      use: chromium,
    },
    {
      name: 'chromium-no-js',
      testIgnore: '**/with-javascript/**',
      use: { ...chromium, javaScriptEnabled: false },
    },
    ...others,
  ],
});
