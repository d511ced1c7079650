// The measurements print their own results. This reporter adds only the failures.

import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';

export default class implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'passed') return;
    const messages = result.errors.map((error) => error.message ?? String(error.value));
    process.stderr.write(`\n${test.title}: ${result.status}\n${messages.join('\n')}\n`);
  }

  onError(error: { message?: string }): void {
    process.stderr.write(`${error.message}\n`);
  }
}
