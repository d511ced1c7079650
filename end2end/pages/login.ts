import type { Locator, Page, Response } from '@playwright/test';

import type { Person } from '../fixtures/people';
import { Screen } from './screen';

export class LoginPage extends Screen {
  readonly heading: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly login: Locator;
  readonly forgotPassword: Locator;
  readonly signUp: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1, name: 'Login to your account' });
    this.email = this.main.getByRole('textbox', { name: 'Email' });
    this.password = this.main.getByRole('textbox', { name: 'Password' });
    this.login = this.main.getByRole('button', { name: 'Login', exact: true });
    this.forgotPassword = this.main.getByRole('link', { name: 'Forgot Password' });
    this.signUp = this.main.getByRole('link', { name: 'Sign up' });
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/login${query}`);
  }

  async signIn({ email, password }: Person): Promise<void> {
    await this.email.fill(email);
    await this.password.fill(password);
    await this.login.click();
  }
}
