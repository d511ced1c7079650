import type { Locator, Page, Response } from '@playwright/test';

import type { Person } from '../fixtures/people';
import { Screen } from './screen';

export class RegisterPage extends Screen {
  readonly heading: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly confirmPassword: Locator;
  readonly register: Locator;
  readonly login: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Create an Account');
    this.email = this.textbox('Email');
    this.password = this.textbox('Password');
    this.confirmPassword = this.textbox('Confirm Password');
    this.register = this.button('Register');
    this.login = this.link('Login');
  }

  open(): Promise<Response> {
    return this.visit('/register');
  }

  async fill({ email, password }: Person, confirmation = password): Promise<void> {
    await this.email.fill(email);
    await this.password.fill(password);
    await this.confirmPassword.fill(confirmation);
  }

  async send(person: Person, confirmation = person.password): Promise<void> {
    await this.fill(person, confirmation);
    await this.register.click();
  }
}
