import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** The page at `/account` if people change their account at the provider. */
export class IdentityPage extends Screen {
  readonly heading: Locator;
  readonly breadcrumb: Locator;
  /** Name and e-mail address. */
  readonly identity: Locator;
  readonly roles: Locator;
  readonly manage: Locator;

  constructor(page: Page, scripted: boolean, provider: string) {
    super(page, scripted);
    this.heading = this.title('Account Settings');
    this.breadcrumb = page.getByRole('navigation', { name: 'breadcrumb' });
    this.identity = this.main.getByRole('region', { name: 'You', exact: true });
    this.roles = this.main.getByRole('region', { name: 'Roles', exact: true }).getByRole('listitem');
    this.manage = this.link(`Manage your account at ${provider}`);
  }

  open(): Promise<Response> {
    return this.visit('/account');
  }
}
