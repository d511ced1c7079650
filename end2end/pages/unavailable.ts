import type { Locator, Page } from '@playwright/test';

import { Screen } from './screen';

/** Shown in place of a page that needs the core API while that cannot be reached. */
export class UnavailablePage extends Screen {
  readonly heading: Locator;
  readonly tryAgain: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Temporarily unavailable');
    this.tryAgain = this.button('Try again');
  }
}
