import { type Locator, type Page, type Response, expect } from '@playwright/test';

import { Authenticator } from '../fixtures/authenticator';
import { Screen } from './screen';

/** The pages on which a person sets up the second step of their sign-ins. */
export class TwoFactorPage extends Screen {
  readonly heading: Locator;
  readonly begin: Locator;
  readonly setUpHeading: Locator;
  readonly qrCode: Locator;
  readonly key: Locator;
  readonly code: Locator;
  readonly codeOrRecovery: Locator;
  readonly enable: Locator;
  readonly recoveryCodes: Locator;
  readonly disable: Locator;
  readonly disableNow: Locator;
  readonly newCodes: Locator;
  readonly makeNewCodes: Locator;

  constructor(page: Page, scripted: boolean) {
    super(page, scripted);
    this.heading = this.title('Log in with two steps');
    this.begin = this.button('Set up an app');
    this.setUpHeading = this.title('Set up your app');
    this.qrCode = this.main.getByRole('img', { name: 'QR code for your authenticator app' });
    this.key = this.main.locator('code.key');
    this.code = this.textbox('Code');
    this.codeOrRecovery = this.textbox('Code or recovery code');
    this.enable = this.button('Enable');
    this.recoveryCodes = this.main.getByRole('listitem').locator('code');
    this.disable = this.link('Disable');
    this.disableNow = this.button('Disable the code');
    this.newCodes = this.link('New recovery codes');
    this.makeNewCodes = this.button('Make new codes');
  }

  open(): Promise<Response> {
    return this.visit('/account/two-factor');
  }

  /** Sets an app up, and returns it with the recovery codes. */
  async setUp(): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
    await this.open();
    await this.begin.click();
    await expect(this.setUpHeading).toBeVisible();
    await this.ready();
    const app = new Authenticator(await this.key.innerText());
    await this.code.fill(app.code());
    await this.enable.click();
    await expect(this.recoveryCodes).toHaveCount(10);
    await this.ready();
    return { app, recoveryCodes: await this.recoveryCodes.allInnerTexts() };
  }
}
