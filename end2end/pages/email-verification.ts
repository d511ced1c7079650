import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class EmailVerificationPage extends Screen {
  /** The heading before the verification. */
  readonly heading: Locator;
  readonly verify: Locator;
  /** The status during the verification. */
  readonly status: Locator;
  readonly success: Locator;
  readonly error: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Verify your email');
    this.verify = this.button('Verify');
    this.status = this.main.getByRole('status');
    this.success = this.title('Success! your email has been verified');
    this.error = this.title('Error! Invalid token');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/email-verification${query}`);
  }

  /** Opens the link in the browser that asked for it. Without scripts, it also presses the button. */
  async follow(link: string): Promise<void> {
    await this.page.goto(link);
    if (!this.scripted) await this.verify.click();
  }

  /** Opens the link in another browser, where no script submits the form, and presses the button. */
  async followElsewhere(link: string): Promise<void> {
    await this.page.goto(link);
    await this.verify.click();
  }
}
