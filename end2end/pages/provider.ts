import type { Locator, Page } from '@playwright/test';

import type { Member, Peer } from '../fixtures/peer';

/** The pages of the OpenID Connect provider. They are not ours, and have no scripts to wait for. */
export class ProviderPages {
  readonly heading: Locator;
  /** `Continue as …`, one for each person. */
  readonly people: Locator;
  readonly cancel: Locator;
  readonly signOut: Locator;

  constructor(
    private readonly page: Page,
    private readonly peer: Peer,
  ) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.people = page.getByRole('button', { name: /^Continue as / });
    this.cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    this.signOut = page.getByRole('button', { name: 'Sign out', exact: true });
  }

  person({ name }: Member): Locator {
    return this.page.getByRole('button', { name: `Continue as ${name}`, exact: true });
  }

  async choose(member: Member): Promise<void> {
    await this.person(member).click();
  }

  /** Agrees to a sign-out. oidc-provider always asks; better-auth does not for a person that it recognises. */
  async agreeToSignOut(): Promise<void> {
    if (this.peer.kind === 'oidc-provider') await this.signOut.click();
  }
}
