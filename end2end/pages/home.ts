import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class HomePage extends Screen {
  readonly heading: Locator;
  readonly getStarted: Locator;
  readonly gitHub: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Build something great.');
    this.getStarted = this.link('Get started');
    this.gitHub = this.link('GitHub');
  }

  open(): Promise<Response> {
    return this.visit('/');
  }
}
