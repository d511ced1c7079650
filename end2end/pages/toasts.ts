import type { Locator, Page } from '@playwright/test';

export class Toasts {
  readonly region: Locator;
  /** Messages. */
  readonly status: Locator;
  /** Errors. */
  readonly alert: Locator;
  readonly close: Locator;

  constructor(page: Page) {
    this.region = page.getByRole('region', { name: 'Notifications alt+T', exact: true });
    this.status = this.region.getByRole('status');
    this.alert = this.region.getByRole('alert');
    this.close = this.region.getByRole('button', { name: /close/i });
  }
}
