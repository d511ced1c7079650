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

  /** One of the person's roles, as it is worded for people. */
  role(label: string): Locator {
    return this.main.getByText(label, { exact: true });
  }

  open(): Promise<Response> {
    return this.visit('/account');
  }
}
