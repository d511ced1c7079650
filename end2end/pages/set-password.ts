import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class SetPasswordPage extends Screen {
  readonly heading: Locator;
  readonly breadcrumb: Locator;
  /** Only where the provider wants it for a new one. */
  readonly currentPassword: Locator;
  readonly newPassword: Locator;
  readonly confirmPassword: Locator;
  readonly updatePassword: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Set Your Password');
    this.breadcrumb = page.getByRole('navigation', { name: 'breadcrumb' });
    this.currentPassword = this.textbox('Current Password');
    this.newPassword = this.textbox('New Password');
    this.confirmPassword = this.textbox('Confirm Password');
    this.updatePassword = this.button('Update Password');
  }

  open(): Promise<Response> {
    return this.visit('/set-password');
  }

  async fill(password: string, confirmation = password): Promise<void> {
    await this.newPassword.fill(password);
    await this.confirmPassword.fill(confirmation);
  }

  async send(password: string): Promise<void> {
    await this.fill(password);
    await this.updatePassword.click();
  }
}
