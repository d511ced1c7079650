import { type Locator, type Page, type Response, expect } from '@playwright/test';

/** What all pages have in common. */
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

  /** Waits until this page is shown and its scripts are ready. */
  async shown(): Promise<void> {
    await expect(this.heading).toBeVisible();
    await this.ready();
  }

  /** Waits until the page's scripts are ready. A page without scripts is ready immediately. */
  async ready(): Promise<void> {
    if (this.scripted) await expect(this.html).toHaveAttribute('data-hydrated');
  }

  protected async visit(path: string): Promise<Response> {
    const response = await this.page.goto(path);
    if (!response) throw new Error(`${path} gave no answer`);
    await this.ready();
    return response;
  }

  protected title(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name, exact: true });
  }

  protected textbox(name: string): Locator {
    return this.main.getByRole('textbox', { name, exact: true });
  }

  protected button(name: string): Locator {
    return this.main.getByRole('button', { name, exact: true });
  }

  protected link(name: string): Locator {
    return this.main.getByRole('link', { name, exact: true });
  }
}
