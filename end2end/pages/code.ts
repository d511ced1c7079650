import { type Locator, type Page, type Response } from '@playwright/test';

import { Screen } from './screen';

/** Asks for the second step of a sign-in. */
export class CodePage extends Screen {
  readonly heading: Locator;
  readonly code: Locator;
  readonly recoveryCode: Locator;
  readonly continue: Locator;
  readonly useRecoveryCode: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Enter your code');
    this.code = this.textbox('Code');
    this.recoveryCode = this.textbox('Recovery code');
    this.continue = this.button('Continue');
    this.useRecoveryCode = this.link('Use a recovery code instead');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/login/code${query}`);
  }

  async send(code: string): Promise<void> {
    await this.code.fill(code);
    await this.continue.click();
  }
}
