# Sign-in, registration, and the links of e-mails

login-heading = Login to your account
login-email-link = Email me a link
remember-me = Remember me
login-new-here = New here?
sign-up = Sign up

login-link-title = Logging you in
login-link-heading = Logging you in...
login-link-other = You are logged in as { $viewer }. Going on ends that session in this browser.
login-link-submit = Continue as { $email }
login-link-with-password = Use your password instead

register = Register
register-heading = Create an Account
register-password-hint = At least 8 characters
register-known = You have an account?

reset-password-title = Reset password
reset-password-heading = Reset your password
reset-password-text = We send you a link that lets you set a new one.
reset-password-submit = Reset Password
reset-password-remembered = You remember it?

verification = Email verification
verification-heading = Verify your email
verification-busy = Verifying your email…
verification-text = One click, and your address is verified.
verification-submit = Verify
verification-done = Success! your email has been verified
verification-done-text = Thank you. There is nothing else to do.
verification-failed = Error! Invalid token
verification-failed-text =
    The link is not complete, too old, or replaced by a newer one. Your account page can send you a new one.
verification-account = Account settings

onward-title = One moment
onward-heading = One moment...
onward-text = You are on your way to { $name }.
onward-continue = Continue to { $name }

# Where the provider sends the browser back to

callback-go-on = Go on
callback-over = This login is over
callback-over-signed-in =
    It was opened again, or too late. You are logged in as { $viewer }, and nothing was changed.
callback-over-signed-out =
    It was opened again, too late, in another browser, or without the cookies of this site. Nothing was changed.
callback-not-logged-in = You were not logged in
callback-declined = You have declined at { $provider }, or your account there may not be used for this site.
callback-must-ask = { $provider } could not log you in without asking you something first. Please try again.
callback-unavailable = { $provider } cannot log you in right now. Please try again in a moment.
callback-misfit =
    { $provider } did not accept the request of this site. If that happens again, please tell whoever runs this site.
callback-nothing-changed = Nothing was changed
callback-not-recent = { $provider } did not ask you again who you are, which this change needs. Please try again.
callback-other-person =
    Somebody else has logged in at { $provider }. Please confirm with the account that you use here.
callback-other-person-than =
    Somebody else has logged in at { $provider }. Please confirm with the account that you use here, { $viewer }.
callback-ended = You have been logged out at { $provider } in the meantime. Please try again.
callback-unusable = The answer of { $provider } could not be used. Please try again.
