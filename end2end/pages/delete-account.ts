import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The account page's dialog as a separate page, for browsers that cannot open the dialog. */
export class DeleteAccountPage extends Screen {
  readonly heading: Locator;
  readonly cancel: Locator;
  readonly deleteAccount: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Are you sure?');
    this.cancel = this.link('Cancel');
    this.deleteAccount = this.button('Delete Account');
  }

  open(): Promise<Response> {
    return this.visit('/account/delete');
  }
}
