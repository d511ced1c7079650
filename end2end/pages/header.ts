import { type Locator, type Page, expect } from '@playwright/test';

import { Screen } from './screen';

export type Theme = 'Light' | 'Dark' | 'System';

export class Header extends Screen {
  readonly heading: Locator;
  readonly banner: Locator;
  readonly login: Locator;
  readonly accountMenu: Menu;
  readonly themeMenu: Menu;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = page.getByRole('heading', { level: 1 });
    this.banner = page.getByRole('banner');
    this.login = this.banner.getByRole('link', { name: 'Login', exact: true });
    this.accountMenu = new Menu(page, this.banner, 'Account menu');
    this.themeMenu = new Menu(page, this.banner, 'Toggle theme');
  }

  get logo(): Locator {
    return this.brand('Ironleaf');
  }

  brand(appName: string): Locator {
    return this.banner.getByRole('link', { name: appName, exact: true });
  }

  async chooseTheme(theme: Theme): Promise<void> {
    await this.themeMenu.open();
    // With scripts, the class changes immediately, but the cookie arrives with the answer.
    const answer = this.page.waitForResponse((response) => response.url().endsWith('/api/set-theme'));
    await this.themeMenu.item(theme).click();
    await answer;
    await this.ready();
  }

  /** Opens the menu and presses `Logout`. A provider may have a page of its own before the person is back. */
  async pressLogout(): Promise<void> {
    await this.accountMenu.open();
    await this.accountMenu.item('Logout').click();
  }

  async signOut(): Promise<void> {
    await this.pressLogout();
    await expect(this.login).toBeVisible();
    await this.ready();
  }
}

/** A button and its menu. */
export class Menu {
  readonly button: Locator;
  readonly menu: Locator;
  readonly items: Locator;

  constructor(page: Page, banner: Locator, name: string) {
    this.button = banner.getByRole('button', { name, exact: true });
    this.menu = page.getByRole('menu', { name, exact: true });
    this.items = this.menu.getByRole('menuitem');
  }

  item(name: string): Locator {
    return this.menu.getByRole('menuitem', { name, exact: true });
  }

  async open(): Promise<void> {
    await this.button.click();
    await expect(this.menu).toBeVisible();
  }
}
