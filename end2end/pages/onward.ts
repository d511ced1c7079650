import type { Locator, Page } from '@playwright/test';

import { Screen } from './screen';

/** The answer to a form whose way leads to the provider. The browser leaves it by itself. */
export class OnwardPage extends Screen {
  readonly heading: Locator;
  /** For a browser that does not leave by itself. */
  readonly continue: Locator;

  constructor(page: Page, scripted: boolean, provider: string) {
    super(page, scripted);
    this.heading = this.title('One moment...');
    this.continue = this.link(`Continue to ${provider}`);
  }
}
