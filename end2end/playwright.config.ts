import { existsSync } from 'node:fs';

import { type Project, defineConfig, devices, firefox, webkit } from '@playwright/test';

import { chromium } from './chromium';
import type { Options } from './fixtures/test';

// Checks of Chromium's own behaviour, or of documents and styles, for which one browser is enough.
const CHROMIUM_ONLY = [
  '**/without-javascript/**',
  '**/accessibility.spec.ts',
  '**/checks.spec.ts',
  '**/documents.spec.ts',
  // Only Chromium has a virtual authenticator.
  '**/passkeys.spec.ts',
  // They choose entries behind the back button, which only Chromium lets tests do.
  '**/oidc/**',
];

// Only if Playwright's own builds are installed: Playwright cannot drive the Firefox and Safari of the system.
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
  // Longest waits, not pauses: a machine that is busy with other things takes several times as long for a page.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // One more than the processors of a small machine, because a test spends a third of its time waiting.
  workers: 3,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    // Traces of all tests would take a third of the time. `cargo xtask e2e` repeats failed tests with traces.
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
