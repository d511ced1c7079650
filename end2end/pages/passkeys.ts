import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The pages on which a person adds, names and removes passkeys. */
export class PasskeysPage extends Screen {
  readonly heading: Locator;
  readonly name: Locator;
  readonly add: Locator;
  readonly problem: Locator;
  readonly entries: Locator;
  readonly save: Locator;
  readonly removeLink: Locator;
  readonly remove: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Passkeys');
    this.name = this.textbox('Name');
    this.add = this.button('Add a passkey');
    this.problem = this.main.locator('[data-passkey]').getByRole('alert');
    this.entries = this.main.getByRole('article');
    this.save = this.button('Save');
    this.removeLink = this.link('Remove the passkey');
    this.remove = this.button('Remove the passkey');
  }

  open(): Promise<Response> {
    return this.visit('/account/passkeys');
  }

  change(name: string): Locator {
    return this.link(`Change ${name}`);
  }
}
