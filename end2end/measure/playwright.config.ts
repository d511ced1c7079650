// The configuration of `cargo xtask size | shots | lighthouse`: measurements and pictures of the release build, with
// the page objects of the tests.

import { fileURLToPath } from 'node:url';

import { defineConfig } from '@playwright/test';

import { chromium } from '../chromium';
import type { Options } from '../fixtures/test';

export default defineConfig<Options>({
  testDir: '.',
  outputDir: fileURLToPath(new URL('../test-results/measure', import.meta.url)),
  fullyParallel: true,
  retries: 0,
  reporter: './reporter.ts',
  projects: [
    { name: 'size', testMatch: 'size.ts', use: chromium },
    { name: 'shots', testMatch: 'shots.ts', use: chromium },
    // Only one Chromium at a time, because it measures speed.
    { name: 'lighthouse', testMatch: 'lighthouse.ts', workers: 1, timeout: 600_000, use: chromium },
  ],
});
