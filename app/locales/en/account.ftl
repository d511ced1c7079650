# The pages of the account, and those on the way to a change

account = Account
account-heading = Account Settings
account-lead = Manage your account settings and set e-mail preferences.
account-elsewhere = Manage your account at { $provider }
account-you = You
account-name = Name
account-identifier = Identifier
account-credentials = Email and password
account-lead-credentials = Change one of them, or both.
account-address = Address
account-address-effect = A new address has to be verified.
account-password-effect-here =
    A new password logs you out of this site in every other browser. Other apps that use your account may stay logged in.
account-password-hint = Leave empty to keep it
account-confirmation-hint = The new password again
account-update = Update
account-email-effect = A new address may have to be verified before it takes effect.
account-email-submit = Update Email
account-password-effect = A new password logs you out everywhere else.
account-current-password = Current Password
account-verification = Email verification
account-unverified =
    Your email address is unverified: we have sent a link to { $email }. Open it to verify that the address is yours.
account-resend = Resend email
account-roles = Roles
account-leave = Leave
account-leave-text = Deleting your account takes everything with it, at once and for good.
account-leave-page = On a page of its own

delete-account-title = Delete account
delete-account-text = This cannot be undone. It deletes your account for good and logs you out everywhere.

set-password-title = Set password
set-password-breadcrumb = Set Password
set-password-heading = Set Your Password
set-password-lead = Create your new password
set-password-text = At least 8 characters of any kind. A few words that only you put together make a good one.
set-password-new = New Password
set-password-new-hint = Enter new password
set-password-confirmation-hint = Confirm new password
set-password-submit = Update Password

password-hint = Your new password
password-hint-advice = A few words that only you put together make a good one.
password-hint-change = Choose another

confirm = Confirm
confirm-heading = Confirm it's you
confirm-at-provider =
    You logged in a while ago. Log in again at { $provider } as { $person } to go on. What you have typed is kept, except for
    passwords.
confirm-with-password =
    You logged in a while ago. Enter the password of { $email } to go on. What you have typed is kept, except for passwords.
confirm-submit = Continue
continue-with = Continue with { $provider }

# Where a person is signed in

sessions = Sessions
sessions-heading = Where you are signed in
sessions-lead = These browsers are logged in to your account. If you do not know one of them, end it and change your password.
sessions-incomplete = Some of your sessions may be missing here. Log in again to see all of them, or come back in a moment.
sessions-begun = Begun
sessions-last-seen = Last seen
sessions-this = This browser
sessions-end = End
sessions-end-device = End { $device }
sessions-end-others = End all others
sessions-end-all = End all
sessions-end-many = End many at once
sessions-end-many-lead = “End all” also ends this one. You then log in again, here and everywhere else.
sessions-section-lead = The browsers that are logged in to your account.
device = { $browser } on { $system }
device-unknown = Unknown browser
address = Address
back-to-account = Back to your account

# What happened to the account

activity = Activity
activity-section-lead = Sign-ins and changes of the last 90 days, with time, browser and address.
activity-show = Show activity
activity-lead = What happened to your account in the last 90 days. If you do not recognise something, { $change }.
activity-lead-change = change your password
activity-none = Nothing has happened in the last 90 days.
activity-time = Time
activity-what = What
activity-browser = Browser
activity-administrator = An administrator
activity-no-address = –
activity-signed-in = Signed in
activity-sign-in-failed = Sign-in failed
activity-signed-out = Signed out
activity-password-changed = Password changed
activity-email-change-requested = New email address entered
activity-email-changed = Email address changed
activity-email-restored = Email address taken back
activity-email-verified = Email address verified
activity-password-reset-requested = Password reset requested
activity-sign-in-link-requested = Login link requested
activity-token-reused = Session ended because its key was used twice
activity-other-sessions-ended = All other sessions ended
activity-other = Something else

restore-heading = Take your address back
restore-text =
    Your account gets the email address again that this link was sent to. An authenticator app that was set up within the last days is
    removed, and so are passkeys that were added in the seven days before this link was sent, or later. Every session ends, and the
    password no longer works. We send you a link to set a new one.
restore-submit = Take it back
restore-done = Success! your address is yours again
restore-done-text =
    We have sent you an email with a link. Follow it to set a new password. Then make sure that nobody else can read your emails.
restore-failed-text =
    The link is not complete, older than seven days, or was used before. If your address was taken back already, look for an email with
    a link to set a new password.
