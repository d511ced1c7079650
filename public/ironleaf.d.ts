// The types of ironleaf.js, for front ends behind Ironleaf. docs/scripts.md explains them.

/** The person who is signed in, as the provider knows them. */
export interface User {
  id: string;
  /** The address that the person signs in with. Some providers do not state it. */
  email: string | null;
  /** An address that is not verified yet, if there is one. */
  unverified_email: string | null;
  /** The names of the person's roles. They decide what is shown; the API decides what is allowed. */
  roles: string[];
  /** What else the provider says of the person, such as `name`. */
  claims: Record<string, string>;
}

/** When a session ends, in seconds since 1970, by the clock of the server. */
export interface Ends {
  /** At the latest, whatever the person does. */
  ends_at: number;
  /** If no page and no API is asked for until then. Asking for the session does not move it. */
  idle_ends_at: number;
}

export interface SignedIn extends Ends {
  signed_in: true;
  user: User;
  /** Where a POST signs the person out. */
  sign_out: string;
}

/** Nobody has signed in, and there is a session all the same, such as one with a cart. */
export interface Guest extends Ends {
  signed_in: false;
  guest: true;
  /** The page on which people sign in. It takes `return_to`. */
  sign_in: string;
}

export interface SignedOut {
  signed_in: false;
  guest?: undefined;
  /** The page on which people sign in. It takes `return_to`. */
  sign_in: string;
}

export type Session = SignedIn | Guest | SignedOut;

/** An answer in place of the one that was asked for. */
export class ApiError extends Error {
  /** The status of the answer, such as 401. */
  readonly status: number;
  /** A word for programs, such as `signed_out` or `unavailable`, if the answer has one. */
  readonly code: string | undefined;
  /** Where the person signs in, if that would help. */
  readonly signIn: string | undefined;
}

export interface ApiInit extends RequestInit {
  /** Whether somebody who is signed out is led to the page on which people sign in, and from there back to this one. */
  signIn?: boolean;
}

/**
 * As `fetch`, for APIs of this origin, which get the token of the session from the server.
 *
 * An idempotent request that is answered with 503 and `Retry-After` is sent once more, after that time.
 *
 * @throws {ApiError} if nobody is signed in, or not any more: `status` is 401, `code` is `signed_out`. All other answers,
 * whatever their status, are returned.
 */
export function api(input: RequestInfo | URL, init?: ApiInit): Promise<Response>;

/**
 * Who is signed in. The server sends the answer again only if it has changed. Then the window gets the event
 * `ironleaf:session`.
 *
 * @throws {ApiError} if nobody can tell right now. That does not mean that the person is signed out.
 */
export function session(): Promise<Session>;

/**
 * Signs the person out, and leaves for the page that says so.
 *
 * @throws {ApiError} if the person is still signed in.
 */
export function signOut(): Promise<void>;

declare global {
  interface WindowEventMap {
    'ironleaf:session': CustomEvent<Session>;
  }
}
