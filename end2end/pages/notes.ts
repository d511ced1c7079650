import { type Locator, type Page, expect } from '@playwright/test';

import { FRONT_END } from '../fixtures/static-front-end';

/** The page of the static front end. */
export class NotesPage {
  readonly signIn: Locator;
  readonly signOut: Locator;
  readonly message: Locator;
  readonly text: Locator;
  readonly add: Locator;
  readonly notes: Locator;

  constructor(
    private readonly page: Page,
    private readonly origin: string,
  ) {
    this.signIn = page.getByRole('link', { name: 'Sign in' });
    this.signOut = page.getByRole('button', { name: 'Sign out' });
    this.message = page.getByRole('status');
    this.text = page.getByRole('textbox', { name: 'New note' });
    this.add = page.getByRole('button', { name: 'Add' });
    this.notes = page.getByRole('listitem');
  }

  get url(): string {
    return `${this.origin}${FRONT_END}`;
  }

  async open(): Promise<void> {
    await this.page.goto(this.url);
    await expect(this.message).not.toHaveText('Loading');
  }

  async addNote(text: string): Promise<void> {
    await this.text.fill(text);
    await this.add.click();
  }
}
