import { accessibilityProblems } from '../../fixtures/accessibility';
import { STATES } from '../../fixtures/states';
import { test } from '../../fixtures/stage';
import { expect } from '../../fixtures/test';

for (const { name, reach } of STATES) {
  test(`${name} is accessible in both themes, wide and narrow, and with large text`, async ({ stage, page }) => {
    await reach(stage);

    expect(await accessibilityProblems(page)).toEqual([]);
  });
}
