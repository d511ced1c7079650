import type { Locator, Page } from '@playwright/test';

import { Screen } from './screen';

/** Replaces a page that needs the core API while the core API cannot be reached. */
export class UnavailablePage extends Screen {
  readonly heading: Locator;
  readonly tryAgain: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Temporarily unavailable');
    this.tryAgain = this.button('Try again');
  }
}
