# Wo Administratoren andere Personen sehen und ändern

people = Personen
people-search = Suche
people-role = Rolle
people-any-role = Beliebig
people-sort = Sortierung
people-newest = Neueste zuerst
people-oldest = Älteste zuerst
people-changed = Zuletzt geändert
people-by-email = E-Mail, A bis Z
people-by-email-backwards = E-Mail, Z bis A
people-show = Anzeigen
people-total = { $total ->
    [one] { $total } Person
   *[other] { $total } Personen
}
people-none = Hier ist niemand zu finden.
people-verification = Bestätigung
people-roles = Rollen
people-created = Angelegt
people-verified = Bestätigt
people-changing = Bestätigt, eine weitere Adresse wartet
people-unverified = Nicht bestätigt
people-no-role = –
people-pages = Seiten
people-page = Seite { $page } von { $last }
people-previous = Zurück
people-next = Weiter

role-administrator = Administrator
role-verified = Bestätigt

person = Person
person-account = Konto
person-changed = Geändert
person-roles-lead = Wer eine Rolle verliert, wird hier überall abgemeldet. Eine neue Rolle gilt nach einigen Minuten.
person-give-role = Rolle { $role } geben
person-take-role = Rolle { $role } entziehen
person-own-role = Das ist Ihr eigenes Konto. Ein anderer Administrator kann Ihnen diese Rolle entziehen.
person-verification-lead = Eine Person bestätigt eine Adresse mit dem Link einer E-Mail.
person-waiting = Wartet auf Bestätigung: { $email }
person-resend = E-Mail erneut senden
person-deletion = Löschen
person-deletion-lead = Mit einem Konto wird alles gelöscht, was dazugehört, sofort und endgültig.
person-own-account = Das ist Ihr eigenes Konto, das Sie auf dessen Seite löschen.
person-delete-text = Das löscht das Konto von { $email } endgültig und meldet die Person überall ab. Es lässt sich nicht rückgängig machen.
