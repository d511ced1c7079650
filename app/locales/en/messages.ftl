# Messages for the next page

message-sign-in-failed = Login failed. Please check your credentials.
message-too-many-tries = Too many attempts. Please wait a moment and try again.
message-too-many-tries-wait = Too many attempts. { try-again-in }
message-unavailable = We cannot reach our servers right now. Please try again in a moment.
message-signed-out = You have been logged out.
message-session-too-large =
    You cannot be logged in: the session of this account is larger than this site allows. Whoever runs this site can raise the
    limit, SESSION_HEADER_BUDGET.
message-link-failed = Auto login failed, please login manually.
message-link-damaged =
    Auto login failed, please login manually. The link is damaged: open it in the email again, or copy all of it.
message-no-room-for-link =
    There is no room for this link beside what this browser keeps of this site. Log out or clear the cookies of this site, and
    open it in the email again.
message-welcome = Welcome! We have sent you an email to verify your address.
message-registered = Welcome! Your account has been created.
message-perhaps-registered =
    If this address had no account, it has one now. If you have received an email from us, follow its link first. Then log in.
message-registered-only = Your account has been created, please log in.
message-password-updated = Your password has been updated
message-account-updated = Account updated successfully
message-verification-sent = Verification email sent
message-nothing-to-verify = Your email address is verified already.
message-account-deleted = Account deleted successfully
message-confirmed = Thank you. You can make your change now.
message-not-allowed = You are not allowed to do this.
message-check-fields = Please check what you have entered.
message-stays-signed-in = You stay signed in. Close this tab, and go on in the other one.
message-confirm-first = Please enter your password before you change this.
message-confirm-elsewhere = Please confirm that it's you before you change this.
message-invalid-token = Error! Invalid token
message-cookies-blocked =
    Your browser keeps no cookies of this site, which this link and a login need. Allow cookies for this site and open the link
    again.
message-misconfigured =
    Logging in does not work at the moment because of a setting on our side. We have noted it; trying again will not help.
message-not-let-in =
    You cannot be logged in: your account is not verified yet, or it is locked. If you have received an email to verify your
    address, follow its link first.
message-not-admitted =
    You cannot be logged in: your account has none of the roles that this site asks for. Whoever runs this site can tell you more.
message-second-factor =
    You cannot be logged in here: your account asks for a second step to log in, and this site has none. Whoever runs this site can
    tell you more.
message-email-change-asked =
    Your address changes when you follow the link that we send by email, perhaps to your present address first. If none arrives, the
    new address cannot be used.
message-password-link-dead =
    This link is too old or was used already. If you have just set a new password, log in with it. Otherwise ask for another link.
message-session-ended = Session ended
message-other-sessions-ended = All other sessions ended
message-all-sessions-ended = You have been logged out everywhere.
message-no-such-session = This session was over already.
message-session-expired = Your session has expired, please log in again.
message-session-ended-by-provider =
    You have been logged out where you log in for this site, please log in again.
message-session-not-allowed =
    You have been logged out: your account has none of the roles that this site asks for.
message-sign-in-link-sent = A login link has been sent to { $email }
message-reset-link-sent = A password reset link has been sent to { $email }
message-signed-in-as = You are logged in as { $email }
message-now-signed-in-as =
    You are now signed in as { $email }. Nothing was changed: the page was that of somebody else.
message-role-given = The person has the role now.
message-role-taken = The role is taken away, and the person is logged out everywhere here.
message-person-deleted = The account is deleted.
message-person-changed = Nothing was changed: this person has changed in the meantime. Look again, then decide.
message-no-such-person = Nothing was changed: there is no such account any more.
message-own-account = Nothing was changed: this is your own account. Another administrator can do this.
message-person-verified = Nothing was sent: no address of this person waits to be verified.
