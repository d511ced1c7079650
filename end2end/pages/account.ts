import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class AccountPage extends Screen {
  readonly heading: Locator;
  readonly breadcrumb: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly confirmPassword: Locator;
  readonly update: Locator;
  readonly unverified: Locator;
  readonly resendEmail: Locator;
  readonly deleteAccount: Locator;
  readonly deleteDialog: DeleteDialog;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Account Settings');
    this.breadcrumb = page.getByRole('navigation', { name: 'breadcrumb' });
    this.email = this.textbox('Email');
    this.password = this.textbox('Password');
    this.confirmPassword = this.textbox('Confirm Password');
    this.update = this.button('Update');
    this.unverified = this.main.getByText(/^Your email address is unverified/);
    this.resendEmail = this.button('Resend email');
    this.deleteAccount = this.button('Delete Account').first();
    this.deleteDialog = new DeleteDialog(page);
  }

  open(): Promise<Response> {
    return this.visit('/account');
  }

  async fill({ email, password, confirmation = password }: Changes): Promise<void> {
    if (email !== undefined) await this.email.fill(email);
    if (password !== undefined) await this.password.fill(password);
    if (confirmation !== undefined) await this.confirmPassword.fill(confirmation);
  }

  async send(changes: Changes): Promise<void> {
    await this.fill(changes);
    await this.update.click();
  }
}

/** Fields that are not given stay unchanged. */
export interface Changes {
  email?: string;
  password?: string;
  /** The password, unless it is given. */
  confirmation?: string;
}

export class DeleteDialog {
  readonly dialog: Locator;
  readonly cancel: Locator;
  readonly deleteAccount: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole('alertdialog', { name: 'Are you sure?' });
    this.cancel = this.dialog.getByRole('button', { name: 'Cancel' });
    this.deleteAccount = this.dialog.getByRole('button', { name: 'Delete Account' });
  }
}
