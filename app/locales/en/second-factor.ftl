# The second step of a sign-in, and the pages that set it up

code-title = Enter your code
code-heading = Enter your code
code-text = Open your authenticator app and enter the six digits that it shows for this site.
code = Code
code-submit = Continue
code-with-recovery = Use a recovery code instead
code-recovery-text = Enter one of the recovery codes that you kept when you set up your app. It works once.
code-recovery = Recovery code
code-with-app = Use your app instead
code-nothing = No login waits for a code in this browser.
code-begin-anew = Log in again
field-wrong-code = This code is not correct, or it was used already
field-code-missing = Please enter the code
message-code-over = That took too long, or the code was for another login. Please log in again.

two-factor = Two steps
two-factor-heading = Log in with two steps
two-factor-lead = Besides your password, an app on your phone shows a code. Whoever knows your password alone does not get in.
two-factor-section-lead = A code of an app, besides your password.
two-factor-show = Two steps to log in
two-factor-app = Authenticator app
two-factor-off = Your password is enough to log in.
two-factor-on = Your account asks for a code when you log in.
two-factor-begin = Set up an app
two-factor-disable = Disable
two-factor-disable-lead = Your password is enough to log in then, and your recovery codes no longer work.
two-factor-disable-heading = Log in without a code
two-factor-disable-submit = Disable the code
two-factor-code-lead = Enter a code of your app, or a recovery code.
two-factor-code-or-recovery = Code or recovery code

two-factor-set-up = Set up your app
two-factor-scan = Scan this code with your authenticator app.
two-factor-qr = QR code for your authenticator app
two-factor-open = Open it in an app on this device
two-factor-type = Or enter this key there:
two-factor-confirm-lead = Then enter the six digits that the app shows. That logs you out everywhere else.
two-factor-confirm = Enable

recovery-codes = Recovery codes
recovery-codes-lead = If you lose your phone, each of these codes lets you in once, besides your password.
recovery-codes-left = { $count ->
    [0] You have no recovery codes left.
    [one] You have { $count } recovery code left.
   *[other] You have { $count } recovery codes left.
}
recovery-codes-new = New recovery codes
recovery-codes-new-lead = They replace all that you have.
recovery-codes-submit = Make new codes
recovery-codes-keep =
    Print this page, or copy the codes to a safe place that is not your phone. They are shown only now: whoever loses phone and codes
    cannot log in any more.
recovery-codes-done = I have kept them

message-second-factor-enabled = Your account asks for a code from now on. All other sessions ended.
message-second-factor-disabled = Your account no longer asks for a code.
message-recovery-codes-replaced = These are your new recovery codes. The old ones no longer work.
message-second-factor-elsewhere = This was changed elsewhere in the meantime. Here is how it is now.

activity-second-factor-enabled = Code for logging in enabled
activity-second-factor-disabled = Code for logging in disabled
activity-recovery-codes-replaced = Recovery codes replaced
activity-recovery-code-used = Recovery code used
