import { type Locator, type Page, type Response, expect } from '@playwright/test';

import { Screen } from './screen';

/** Where a person is signed in. */
export class SessionsPage extends Screen {
  readonly heading: Locator;
  readonly entries: Locator;
  readonly endOthers: Locator;
  readonly endAll: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Where you are signed in');
    this.entries = this.main.getByRole('article');
    this.endOthers = this.button('End all others');
    this.endAll = this.button('End all');
  }

  open(): Promise<Response> {
    return this.visit('/account/sessions');
  }

  /** Opens the page once so many sessions are on it: one is noted a moment after its sign-in was answered. */
  async openWith(count: number): Promise<void> {
    await expect(async () => {
      await this.open();
      expect(await this.entries.count()).toBe(count);
    }).toPass();
  }

  /** The sessions with a browser of this name, such as `Firefox on Linux`. */
  entry(device: string): Locator {
    return this.main.getByRole('article', { name: device, exact: true });
  }

  end(device: string): Locator {
    return this.button(`End ${device}`);
  }
}
