import type { Locator, Page } from '@playwright/test';

/** The note that the session ends soon. */
export class SessionEnd {
  readonly note: Locator;
  readonly stay: Locator;

  constructor(page: Page) {
    this.note = page.locator('.session-end');
    this.stay = page.getByRole('link', { name: 'Stay signed in', exact: true });
  }
}
