import { accessibilityProblems } from '../../../fixtures/accessibility';
import { expect } from '../../../fixtures/oidc';
import { OIDC_STATES, optionsOf } from '../../../fixtures/oidc-states';
import { test } from '../../../fixtures/oidc-stage';

for (const state of OIDC_STATES) {
  test.describe(state.name, () => {
    test.use({ serverOptions: optionsOf(state) });

    test('is accessible in both themes, wide and narrow, and with large text', async ({ oidcStage, page }) => {
      await state.reach(oidcStage);

      expect(await accessibilityProblems(page)).toEqual([]);
    });
  });
}
