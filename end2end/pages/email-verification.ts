import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class EmailVerificationPage extends Screen {
  /** Before anything is verified. */
  readonly heading: Locator;
  readonly verify: Locator;
  /** While it is being verified. */
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

  /** Opens the link in a browser that has asked for one, and presses the button where no script does. */
  async follow(link: string): Promise<void> {
    await this.page.goto(link);
    if (!this.scripted) await this.verify.click();
  }

  /** Opens the link and presses the button: elsewhere no script does. */
  async followElsewhere(link: string): Promise<void> {
    await this.page.goto(link);
    await this.verify.click();
  }
}
