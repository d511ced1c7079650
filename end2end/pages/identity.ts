import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/account` if people change their account at the provider. */
export class IdentityPage extends Screen {
  readonly heading: Locator;
  readonly breadcrumb: Locator;
  /** Name and e-mail address. */
  readonly identity: Locator;
  readonly roles: Locator;
  readonly manage: Locator;
  // What can be changed here nevertheless, one at a time.
  readonly email: Locator;
  readonly updateEmail: Locator;
  readonly currentPassword: Locator;
  readonly newPassword: Locator;
  readonly confirmPassword: Locator;
  readonly updatePassword: Locator;

  constructor(page: Page, scripted: boolean, provider: string) {
    super(page, scripted);
    this.heading = this.title('Account Settings');
    this.breadcrumb = page.getByRole('navigation', { name: 'breadcrumb' });
    this.identity = this.main.getByRole('region', { name: 'You', exact: true });
    this.roles = this.main.getByRole('region', { name: 'Roles', exact: true }).getByRole('listitem');
    this.manage = this.link(`Manage your account at ${provider}`);
    this.email = this.textbox('Email');
    this.updateEmail = this.button('Update Email');
    this.currentPassword = this.textbox('Current Password');
    this.newPassword = this.textbox('New Password');
    this.confirmPassword = this.textbox('Confirm Password');
    this.updatePassword = this.button('Update Password');
  }

  open(): Promise<Response> {
    return this.visit('/account');
  }

  async changeEmail(email: string): Promise<void> {
    await this.email.fill(email);
    await this.updateEmail.click();
  }

  async changePassword(current: string, password: string): Promise<void> {
    await this.currentPassword.fill(current);
    await this.newPassword.fill(password);
    await this.confirmPassword.fill(password);
    await this.updatePassword.click();
  }
}
