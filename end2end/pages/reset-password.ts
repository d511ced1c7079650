import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class ResetPasswordPage extends Screen {
  readonly heading: Locator;
  readonly email: Locator;
  readonly resetPassword: Locator;
  readonly login: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Reset your password');
    this.email = this.textbox('Email');
    this.resetPassword = this.button('Reset Password');
    this.login = this.link('Login');
  }

  open(): Promise<Response> {
    return this.visit('/reset-password');
  }

  async send(email: string): Promise<void> {
    await this.email.fill(email);
    await this.resetPassword.click();
  }
}
