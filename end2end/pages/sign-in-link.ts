import type { Locator, Page } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/login` for a person who follows an e-mailed link. */
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

  /** Opens the link in the browser that asked for it. Without scripts, it also presses the button. */
  async follow(link: string, email: string): Promise<void> {
    await this.open(link);
    if (!this.scripted) await this.continueAs(email).click();
  }

  /** Opens the link in another browser, where no script submits the form, and presses the button. */
  async followElsewhere(link: string, email: string): Promise<void> {
    await this.open(link);
    await this.continueAs(email).click();
  }
}
