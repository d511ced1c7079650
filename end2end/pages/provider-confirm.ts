import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/confirm` if the provider asks the person again who they are. */
export class ProviderConfirmPage extends Screen {
  readonly heading: Locator;
  readonly continue: Locator;
  readonly back: Locator;

  constructor(page: Page, scripted: boolean, provider: string) {
    super(page, scripted);
    this.heading = this.title("Confirm it's you");
    this.continue = this.button(`Continue with ${provider}`);
    this.back = this.link('Go back');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/confirm${query}`);
  }
}
