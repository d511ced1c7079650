import type { Locator, Page } from '@playwright/test';

export class Toasts {
  readonly region: Locator;
  /** Messages. */
  readonly status: Locator;
  /** Errors. */
  readonly alert: Locator;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'Notifications alt+T' });
    this.status = this.region.getByRole('status');
    this.alert = this.region.getByRole('alert');
  }
}
