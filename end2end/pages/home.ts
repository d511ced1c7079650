import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

export class HomePage extends Screen {
  readonly heading: Locator;
  readonly getStarted: Locator;
  readonly gitHub: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1, name: 'Build something great.' });
    this.getStarted = this.main.getByRole('link', { name: 'Get started' });
    this.gitHub = this.main.getByRole('link', { name: 'GitHub' });
  }

  open(): Promise<Response> {
    return this.visit('/');
  }
}
