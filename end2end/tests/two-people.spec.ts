// A tab that still shows one person, in a browser in which another person has signed in since.

import { canSignIn, register, signIn } from '../fixtures/people';
import { type PageObjects, expect, test } from '../fixtures/test';

type Pages = Pick<
  PageObjects,
  'homePage' | 'header' | 'accountPage' | 'setPasswordPage' | 'deleteAccountPage' | 'confirmPage'
>;

interface Form {
  name: string;
  path: string;
  /** Opens the page that the first person's tab shows when the second person signs in. */
  open(pages: Pages): Promise<unknown>;
  send(pages: Pages): Promise<unknown>;
}

const NEW_PASSWORD = 'typed by the first';
const NEW_ADDRESS = 'typed-by-the-first@example.com';

const FORMS: Form[] = [
  {
    name: 'the account form',
    path: '/api/update-account',
    open: ({ accountPage }) => accountPage.open(),
    send: ({ accountPage }) => accountPage.send({ email: NEW_ADDRESS, password: NEW_PASSWORD }),
  },
  {
    name: 'another verification e-mail',
    path: '/api/resend-verification',
    open: ({ accountPage }) => accountPage.open(),
    send: ({ accountPage }) => accountPage.resendEmail.click(),
  },
  {
    name: 'a new password',
    path: '/api/set-password',
    open: ({ setPasswordPage }) => setPasswordPage.open(),
    send: ({ setPasswordPage }) => setPasswordPage.send(NEW_PASSWORD),
  },
  {
    name: 'deleting the account',
    path: '/api/delete-account',
    open: ({ deleteAccountPage }) => deleteAccountPage.open(),
    send: ({ deleteAccountPage }) => deleteAccountPage.deleteAccount.click(),
  },
  {
    name: 'confirming the password',
    path: '/api/confirm-password',
    open: ({ confirmPage }) => confirmPage.open('?return_to=/account'),
    send: ({ confirmPage }) => confirmPage.send(NEW_PASSWORD),
  },
  {
    name: 'logging out',
    path: '/api/sign-out',
    open: ({ homePage }) => homePage.open(),
    send: async ({ header }) => {
      await header.accountMenu.open();
      await header.accountMenu.item('Logout').click();
    },
  },
];

for (const { name, path, open, send } of FORMS) {
  test(`${name} from another person's page does nothing and says who is signed in`, async ({
    signedIn,
    homePage,
    header,
    accountPage,
    setPasswordPage,
    deleteAccountPage,
    confirmPage,
    toasts,
    context,
    server,
    page,
    watch,
  }) => {
    const pages = { homePage, header, accountPage, setPasswordPage, deleteAccountPage, confirmPage };
    watch.expectRefusal(path, 409);
    await open(pages);
    const second = await register(server);
    await signIn(context, server, second);

    await send(pages);

    await expect(page).toHaveURL('/account');
    await expect(toasts.alert).toContainText(`You are now signed in as ${second.email}`);
    await expect(accountPage.email).toHaveValue(second.email);
    for (const person of [signedIn, second]) expect(await canSignIn(server, person)).toBe(true);
  });
}
