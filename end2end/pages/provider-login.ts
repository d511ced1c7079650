import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/login` if people sign in at a provider. */
export class ProviderLoginPage extends Screen {
  readonly heading: Locator;
  readonly continue: Locator;

  constructor(page: Page, scripted: boolean, provider: string) {
    super(page, scripted);
    this.heading = this.title('Login to your account');
    this.continue = this.button(`Continue with ${provider}`);
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/login${query}`);
  }
}
