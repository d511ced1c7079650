# What is wrong with a field

field-invalid-email = Invalid email address
field-email-taken = A user with this email already exists
field-short-password = Password must be at least 8 characters
field-confirmation-missing = Confirm Password is required
field-confirmation-due = Please confirm your password
field-passwords-differ = Passwords must match
field-wrong-password = Incorrect password
field-refused = This cannot be used
field-password-missing = Please enter your password
field-email-unchanged =
    The address is unchanged: another one waits to be verified. Open its link, or enter a third one
field-control-characters = Password cannot contain control characters
field-missing = Please fill this in
field-too-long = This is too long
field-not-chosen = Please choose one
field-wrong-current-password = Your current password is not correct
field-current-password-missing = Please enter your current password
field-too-short = This is too short
field-breached-password = This password has appeared in a data breach. Please choose another.
field-weak-password = This password is easy to guess. Add another word or two.
field-weak-expected = This password is easy to guess: your address or the name of this site is in it.
field-weak-common = This password is easy to guess: many people use it, or one like it.
field-weak-word = This password is easy to guess: it is a single word.
field-weak-name = This password is easy to guess: it is a name.
field-weak-keys = This password is easy to guess: its keys are next to each other.
field-weak-repeats = This password is easy to guess: it repeats itself.
field-weak-sequence = This password is easy to guess: it is a sequence, like abc or 6543.
field-weak-date = This password is easy to guess: it is a year or a date.

# The pages of problems: a heading and a sentence each

problem-bad-request = That request was not understood
problem-bad-request-text = A field is missing or malformed. Please go back and try again.
problem-cross-site = That request came from another site
problem-cross-site-text = For your safety this form can only be sent from this site. Nothing was changed.
problem-cookies-blocked = Cookies are blocked
problem-cookies-blocked-text =
    Your browser keeps no cookies of this site, and without one nobody can stay logged in. Nothing was changed: allow cookies for
    this site and try again.
problem-forbidden = Not allowed
problem-forbidden-text = Your account is not allowed to see this page.
problem-not-found = Page not found
problem-not-found-text = There is no page at this address.
problem-method-not-allowed = That is not possible here
problem-method-not-allowed-text = This address cannot be used in this way.
problem-request-timeout = That took too long
problem-request-timeout-text = The request did not arrive in time. Please try again.
problem-payload-too-large = That was too much at once
problem-payload-too-large-text = The form is larger than it may be. Nothing was changed.
problem-unsupported-media-type-text = Forms are expected here, encoded as application/x-www-form-urlencoded.
problem-too-many-requests = Too many attempts
problem-too-many-requests-text = For the safety of your account there is a pause before the next one.
problem-misdirected-request = There is nothing under this name
problem-misdirected-request-text = This application is not served under this host name.
problem-internal = Something went wrong
problem-internal-text = This is our mistake. Please try again in a moment.
problem-session-too-large = Your session is too large
problem-session-too-large-text =
    The session of this account is larger than this site allows, so it could not be saved. You are still signed in. Whoever runs
    this site can raise the limit, SESSION_HEADER_BUDGET.
problem-unavailable = Temporarily unavailable
problem-unavailable-text =
    We cannot reach our servers right now. You are still signed in; please try again in a moment.
problem-unavailable-long-text = We cannot reach our servers right now. You are still signed in.
problem-go-back = Go back to the form

# In the browser, if there is no answer
no-answer = We cannot be reached right now. Please try again in a moment.
