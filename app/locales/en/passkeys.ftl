# Signing in with a passkey, and the pages on which people add them

login-passkey = Log in with a passkey
passkey-needs-script = Passkeys need JavaScript, and a browser that has them. Everything else works without.
passkey-cancelled = Nothing was done: the question of the browser was cancelled, or took too long.
passkey-known-here = This device has a passkey for your account already.
passkey-no-authenticator = This device cannot do it. It needs a screen lock, such as a PIN or a fingerprint, or a security key.
passkey-elsewhere = Passkeys do not work at this address of the site.
passkey-failed = The browser could not use a passkey. Please try again.

passkeys = Passkeys
passkeys-lead = A passkey logs you in with your fingerprint, your face or the PIN of your device: without a password, and without a code.
passkeys-section-lead = Log in with your fingerprint, your face or the PIN of your device.
passkeys-show = Your passkeys
passkeys-none = You have no passkeys yet.
passkey = Passkey
passkey-created = Added
passkey-last-used = Last used
passkey-never-used = Never
passkey-backed-up = Kept by a password manager
passkey-blocked = Blocked: there may be a copy of it. Remove it, and add a new one.
passkey-change = Change
passkey-change-named = Change { $name }
passkey-add-heading = Add a passkey
passkey-add-lead = Give it a name by which you recognise the device or the password manager. Your browser then asks for it.
passkey-name = Name
passkey-add = Add a passkey
field-passkey-name = Please enter a name of 60 characters at most
passkey-rename = Rename it
passkey-rename-submit = Save
passkey-remove = Remove the passkey
passkey-remove-lead = Nobody can log in with it any more. Remove it from your device or password manager as well.
passkey-remove-text = This removes { $name }. Nobody can log in with it any more.

message-passkey-added = You can log in with this passkey from now on.
message-passkey-renamed = The passkey has its new name.
message-passkey-removed = The passkey is removed. Nobody can log in with it any more.
message-passkey-refused = Login failed. This passkey is not accepted here. Please log in with your password.
message-passkey-over = That took too long. Please try again.
message-passkey-unverified = Please verify your email address first. Then you can add a passkey.
message-too-many-passkeys = You have as many passkeys as an account can have. Remove one first.
message-passkey-known = This passkey is registered already.
message-passkey-not-accepted = This passkey was not accepted. It must ask for a fingerprint, a face or a PIN.
message-no-such-passkey = You do not have this passkey any more.

activity-passkey-added = Passkey added
activity-passkey-removed = Passkey removed
activity-passkey-blocked = Passkey blocked, because there may be a copy of it
