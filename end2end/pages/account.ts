import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class AccountPage extends Screen {
  readonly heading: Locator;
  readonly breadcrumb: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1, name: 'Account Settings' });
    this.breadcrumb = page.getByRole('navigation', { name: 'breadcrumb' });
  }

  open(): Promise<Response> {
    return this.visit('/account');
  }
}
