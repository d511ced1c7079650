// Takes a picture of every page in every state, in both themes and three widths.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Page } from '@playwright/test';

import { register } from '../fixtures/people';
import { test as oidcTest } from '../fixtures/oidc-stage';
import { OIDC_STATES, optionsOf } from '../fixtures/oidc-states';
import { test } from '../fixtures/stage';
import { STATES } from '../fixtures/states';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = process.env.IRONLEAF_SHOTS ?? join(REPOSITORY, 'target/shots');

const WIDTHS = { phone: 360, tablet: 820, laptop: 1440 };
const HEIGHTS = { phone: 740, tablet: 1180, laptop: 900 };

/** The people in the pictures. A worker has its own server, and there are enough names for every state. */
const NAMES = 'ada grace alan barbara edsger frances donald margaret dennis radia ken adele john jean niklaus hedy tony mary'
  .split(' ')
  .map((name) => `${name}@example.com`);

type ColorScheme = 'light' | 'dark';

/** The pictures of the README, as a phone or a laptop shows them without scrolling. */
const README: Record<string, { file: string; width: number; height: number; colorScheme: ColorScheme }> = {
  home: { file: 'home', width: 1440, height: 810, colorScheme: 'light' },
  login: { file: 'login', width: 390, height: 720, colorScheme: 'dark' },
  account: { file: 'account', width: 1180, height: 710, colorScheme: 'light' },
  'register-with-errors': { file: 'register', width: 390, height: 720, colorScheme: 'light' },
};

const forReadme = process.env.IRONLEAF_SHOTS_FOR === 'readme';

for (const { name, reach } of STATES.filter(({ name }) => !forReadme || name in README)) {
  test(name, async ({ stage, page, server }) => {
    const newcomer = () => register(server, { email: NAMES.shift() ?? '', password: 'a long password' });
    await reach({ ...stage, newcomer });
    const picture = README[name];
    if (forReadme && picture) {
      const { file, colorScheme, width, height } = picture;
      await page.setViewportSize({ width, height });
      await shoot(page, colorScheme, join(REPOSITORY, 'docs/images', `${file}.png`), false);
      return;
    }
    await shootAll(page, name);
  });
}

for (const state of OIDC_STATES.filter(() => !forReadme)) {
  oidcTest.describe(state.name, () => {
    oidcTest.use({ serverOptions: optionsOf(state) });

    oidcTest(state.name, async ({ oidcStage, page }) => {
      await state.reach(oidcStage);
      await shootAll(page, state.name);
    });
  });
}

/** In both themes and all widths. */
async function shootAll(page: Page, name: string): Promise<void> {
  // A dialog covers only the visible screen, not the rest of the page.
  const wholePage = !name.endsWith('-dialog');
  mkdirSync(FOLDER, { recursive: true });
  for (const screen of ['phone', 'tablet', 'laptop'] as const) {
    await page.setViewportSize({ width: WIDTHS[screen], height: HEIGHTS[screen] });
    for (const colorScheme of ['light', 'dark'] as const) {
      await shoot(page, colorScheme, join(FOLDER, `${name}.${WIDTHS[screen]}.${colorScheme}.png`), wholePage);
    }
  }
}

async function shoot(page: Page, colorScheme: ColorScheme, path: string, fullPage: boolean): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.screenshot({ path, fullPage, animations: 'disabled', caret: 'hide' });
  console.log(path);
}
