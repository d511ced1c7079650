import { type Locator, type Page, type Response, expect } from '@playwright/test';

/** What every page has. */
export abstract class Screen {
  abstract readonly heading: Locator;
  readonly main: Locator;
  readonly html: Locator;

  constructor(
    protected readonly page: Page,
    /** Whether this browser runs scripts. */
    protected readonly scripted: boolean,
  ) {
    this.main = page.getByRole('main');
    this.html = page.locator('html');
  }

  protected async visit(path: string): Promise<Response> {
    const response = await this.page.goto(path);
    if (!response) throw new Error(`${path} gave no answer`);
    await this.ready();
    return response;
  }

  /** Waits until the page's scripts are done with it; a page without scripts is ready as it comes. */
  async ready(): Promise<void> {
    if (this.scripted) await expect(this.html).toHaveAttribute('data-hydrated');
  }
}
