import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class NotFoundPage extends Screen {
  readonly heading: Locator;
  readonly home: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Page not found');
    this.home = this.main.getByRole('link', { name: /home/i });
  }

  open(path = '/no-such-page'): Promise<Response> {
    return this.visit(path);
  }
}
