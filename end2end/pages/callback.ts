import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/auth/callback`, which is shown only if the provider sent back nobody who can be signed in. */
export class CallbackPage extends Screen {
  readonly heading: Locator;
  readonly tryAgain: Locator;
  /** For a person who is signed in and opens an old address. */
  readonly goOn: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1 });
    this.tryAgain = this.link('Try again');
    this.goOn = this.link('Go on');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/auth/callback${query}`);
  }
}
