import type { Locator, Page, Response } from '@playwright/test';

import { Screen } from './screen';

/** Everybody, for administrators. */
export class PeoplePage extends Screen {
  readonly heading: Locator;
  readonly search: Locator;
  readonly role: Locator;
  readonly sort: Locator;
  readonly show: Locator;
  readonly table: Locator;
  /** The people in the table. */
  readonly people: Locator;
  readonly next: Locator;
  readonly previous: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('People');
    this.search = this.main.getByRole('searchbox', { name: 'Search', exact: true });
    this.role = this.main.getByRole('combobox', { name: 'Role', exact: true });
    this.sort = this.main.getByRole('combobox', { name: 'Sort by', exact: true });
    this.show = this.button('Show');
    this.table = this.main.getByRole('table');
    this.people = this.table.getByRole('rowheader');
    this.next = this.link('Next');
    this.previous = this.link('Previous');
  }

  open(query = ''): Promise<Response> {
    return this.visit(`/admin/people${query}`);
  }

  /** The link to the person with this address. */
  person(email: string): Locator {
    return this.link(email);
  }
}

/** One person, for administrators. */
export class PersonPage extends Screen {
  readonly heading: Locator;
  readonly makeAdministrator: Locator;
  readonly unmakeAdministrator: Locator;
  readonly resend: Locator;
  readonly deleteAccount: Locator;
  readonly backToPeople: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1 });
    this.makeAdministrator = this.button('Give the role Administrator');
    this.unmakeAdministrator = this.button('Take the role Administrator away');
    this.resend = this.button('Resend email');
    this.deleteAccount = this.link('Delete Account');
    this.backToPeople = this.main.getByRole('navigation', { name: 'breadcrumb' }).getByRole('link', { name: 'People' });
  }
}

/** The question before a person is deleted. */
export class DeletePersonPage extends Screen {
  readonly heading: Locator;
  readonly confirm: Locator;
  readonly cancel: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Are you sure?');
    this.confirm = this.button('Delete Account');
    this.cancel = this.link('Cancel');
  }
}
