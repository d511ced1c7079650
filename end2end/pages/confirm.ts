import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class ConfirmPage extends Screen {
  readonly heading: Locator;
  readonly password: Locator;
  readonly continue: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title("Confirm it's you");
    this.password = this.textbox('Password');
    this.continue = this.button('Continue');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/confirm${query}`);
  }

  async send(password: string): Promise<void> {
    await this.password.fill(password);
    await this.continue.click();
  }
}
