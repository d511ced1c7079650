import type { Locator, Page, Response } from '@playwright/test';

import type { Person } from '../fixtures/people';
import { Screen } from './screen';

export class LoginPage extends Screen {
  readonly heading: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly rememberMe: Locator;
  readonly login: Locator;
  readonly emailLink: Locator;
  readonly passkey: Locator;
  readonly forgotPassword: Locator;
  readonly signUp: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Login to your account');
    this.email = this.textbox('Email');
    this.password = this.textbox('Password');
    this.rememberMe = this.main.getByRole('checkbox', { name: 'Remember me', exact: true });
    this.login = this.button('Login');
    this.emailLink = this.button('Email me a link');
    this.passkey = this.button('Log in with a passkey');
    this.forgotPassword = this.link('Forgot Password');
    this.signUp = this.link('Sign up');
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
