// The checks that run during every other test find what they search for.

import { formProblems } from '../../fixtures/forms';
import { htmlProblems } from '../../fixtures/html';
import { TOKEN_MARK, tokenIn } from '../../fixtures/leaks';
import { expect, plainTest as test } from '../../fixtures/test';

const VALID = '<!DOCTYPE html>\n<html lang="en"><head><title>x</title></head><body><p>x</p></body></html>';

test('a marked token is found at every offset of its encoding', () => {
  for (const before of ['', 'a', 'ab', 'abc', '{"x":"']) {
    const encoded = Buffer.from(`${before}${TOKEN_MARK}"}`).toString('base64url');
    expect(tokenIn(`href="/?t=${encoded}"`), before).toBeDefined();
  }
  expect(tokenIn(`"refreshToken":"${TOKEN_MARK}-0b5f"`)).toBe(TOKEN_MARK);
});

test('a token without the mark is found by its shape', () => {
  const header = Buffer.from('{"alg":"EdDSA","typ":"JWT"}').toString('base64url');
  expect(tokenIn(`Bearer ${header}.e30.c2ln`)).toBe(`${header}.`);
  expect(tokenIn(`ironleaf-session=v1.${Buffer.from('sealed bytes, no token').toString('base64url')}`)).toBeUndefined();
});

test('a valid document has no problems', async () => {
  expect(await htmlProblems(VALID)).toEqual([]);
});

for (const [what, html] of [
  ['a paragraph inside a paragraph’s phrasing', VALID.replace('<p>x</p>', '<span><p>x</p></span>')],
  ['an element that is never closed', VALID.replace('<p>x</p>', '<div>x')],
  ['two elements with one id', VALID.replace('<p>x</p>', '<p id="a">x</p><p id="a">x</p>')],
  ['no title', VALID.replace('<title>x</title>', '')],
  ['Leptos’ own comment', VALID.replace('<p>x</p>', '<!>')],
  ['a script after the end', `${VALID}<script>1</script>`],
  ['resources in the page', VALID.replace('<p>x</p>', '<script>__RESOLVED_RESOURCES=[]</script>')],
] as const) {
  test(`a document is refused for ${what}`, async () => {
    expect(await htmlProblems(html)).not.toEqual([]);
  });
}

const form = (...inputs: string[]) => `<form action="/api/x">${inputs.join('')}</form>`;
const PERSON = '<input type="email" autocomplete="username" value="a@b.c" hidden readonly>';
const NEW = '<input name="password" type="password" autocomplete="new-password">';
const AGAIN = '<input name="confirm_password" type="password" autocomplete="new-password">';
const CODE = '<input name="code" type="text" inputmode="numeric" autocomplete="one-time-code">';
const RECOVERY_CODE = '<input name="code" type="text" autocomplete="off">';

test('a form whose fields say what they are for has no problems', () => {
  for (const right of [form(PERSON, NEW, AGAIN), form(CODE), form(RECOVERY_CODE), form('<input type="hidden" name="email" value="a@b.c">')]) {
    expect(formProblems(right), right).toEqual([]);
  }
});

for (const [what, wrong] of [
  ['nobody whose password it is', form(NEW, AGAIN)],
  ['its person behind the password', form(NEW, AGAIN, PERSON)],
  ['an old password where a new one is set', form(PERSON, NEW.replace('new-', 'current-'), AGAIN)],
  ['a new password where the old one is asked for', form(PERSON, NEW)],
  ['a code of an app that a browser does not offer', form(CODE.replace('one-time-code', 'off'))],
  ['a recovery code for which a browser offers one of an app', form(RECOVERY_CODE.replace('off', 'one-time-code'))],
  ['a field that says nothing', form('<input name="x" type="text">')],
] as const) {
  test(`a form is refused for ${what}`, () => {
    expect(formProblems(wrong)).not.toEqual([]);
  });
}
