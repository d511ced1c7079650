# Where administrators see and change other people

people = People
people-search = Search
people-role = Role
people-any-role = Any
people-sort = Sort by
people-newest = Newest first
people-oldest = Oldest first
people-changed = Changed last
people-by-email = Email, A to Z
people-by-email-backwards = Email, Z to A
people-show = Show
people-total = { $total ->
    [one] { $total } person
   *[other] { $total } people
}
people-none = Nobody is found here.
people-verification = Verification
people-roles = Roles
people-created = Created
people-verified = Verified
people-changing = Verified, another address waits
people-unverified = Not verified
people-no-role = –
people-pages = Pages
people-page = Page { $page } of { $last }
people-previous = Previous
people-next = Next

role-administrator = Administrator
role-verified = Verified user

person = Person
person-account = Account
person-changed = Changed
person-roles-lead = Whoever loses a role is logged out everywhere here. A new role is there within minutes.
person-give-role = Give the role { $role }
person-take-role = Take the role { $role } away
person-own-role = This is your own account. Another administrator can take this role from you.
person-verification-lead = A person verifies an address with the link of an email.
person-waiting = Waiting to be verified: { $email }
person-resend = Resend email
person-deletion = Delete
person-deletion-lead = Deleting an account takes everything with it, at once and for good.
person-own-account = This is your own account, which you delete on its own page.
person-delete-text = This deletes the account of { $email } for good and logs them out everywhere. It cannot be undone.
