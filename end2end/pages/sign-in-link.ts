import type { Locator, Page } from '@playwright/test';

import { Screen } from './screen';

/** What `/login` shows to somebody who comes by an e-mailed link. */
export class SignInLinkPage extends Screen {
  readonly heading: Locator;
  readonly usePassword: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Logging you in...');
    this.usePassword = this.link('Use your password instead');
  }

  continueAs(email: string): Locator {
    return this.button(`Continue as ${email}`);
  }

  async open(link: string): Promise<void> {
    await this.page.goto(link);
  }

  /** Opens the link in the browser that has asked for it, and presses the button where no script does. */
  async follow(link: string, email: string): Promise<void> {
    await this.open(link);
    if (!this.scripted) await this.continueAs(email).click();
  }

  /** Opens the link and presses the button: elsewhere no script does. */
  async followElsewhere(link: string, email: string): Promise<void> {
    await this.open(link);
    await this.continueAs(email).click();
  }
}
