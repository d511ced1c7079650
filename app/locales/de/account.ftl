# The pages of the account, and those on the way to a change

account = Konto
account-heading = Kontoeinstellungen
account-lead = Verwalten Sie Ihr Konto und Ihre E-Mail-Einstellungen.
account-elsewhere = Ihr Konto bei { $provider } verwalten
account-you = Sie
account-name = Name
account-identifier = Kennung
account-credentials = E-Mail-Adresse und Passwort
account-lead-credentials = Ändern Sie eines davon oder beide.
account-address = Adresse
account-address-effect = Eine neue Adresse muss bestätigt werden.
account-password-effect-here =
    Ein neues Passwort meldet Sie auf dieser Website in jedem anderen Browser ab. Andere Apps, die Ihr Konto nutzen, bleiben
    möglicherweise angemeldet.
account-password-hint = Unverändert, wenn leer
account-confirmation-hint = Neues Passwort erneut
account-update = Speichern
account-email-effect = Eine neue Adresse muss möglicherweise bestätigt werden, bevor sie gilt.
account-email-submit = E-Mail-Adresse speichern
account-password-effect = Ein neues Passwort meldet Sie überall sonst ab.
account-current-password = Aktuelles Passwort
account-verification = Bestätigung der E-Mail-Adresse
account-unverified =
    Ihre E-Mail-Adresse ist noch nicht bestätigt: Wir haben einen Link an { $email } gesendet. Öffnen Sie ihn, um zu bestätigen,
    dass die Adresse Ihnen gehört.
account-resend = E-Mail erneut senden
account-roles = Rollen
account-leave = Konto löschen
account-leave-text = Wenn Sie Ihr Konto löschen, ist alles darin sofort und endgültig verloren.
account-leave-page = Auf einer eigenen Seite

delete-account-title = Konto löschen
delete-account-text =
    Das kann nicht rückgängig gemacht werden. Ihr Konto wird endgültig gelöscht, und Sie werden überall abgemeldet.

set-password-title = Passwort festlegen
set-password-breadcrumb = Passwort festlegen
set-password-heading = Legen Sie Ihr Passwort fest
set-password-lead = Wählen Sie Ihr neues Passwort
set-password-text = Mindestens 8 Zeichen jeder Art. Ein paar Wörter, die nur Sie so zusammenstellen, ergeben ein gutes Passwort.
set-password-new = Neues Passwort
set-password-new-hint = Neues Passwort eingeben
set-password-confirmation-hint = Neues Passwort bestätigen
set-password-submit = Passwort speichern

password-hint = Ihr neues Passwort
password-hint-advice = Ein paar Wörter, die nur Sie so zusammenstellen, ergeben ein gutes Passwort.
password-hint-change = Ein anderes wählen

confirm = Bestätigen
confirm-heading = Bestätigen Sie, dass Sie es sind
confirm-at-provider =
    Ihre Anmeldung liegt eine Weile zurück. Melden Sie sich bei { $provider } erneut als { $person } an, um fortzufahren. Ihre
    Eingaben bleiben erhalten, außer Passwörtern.
confirm-with-password =
    Ihre Anmeldung liegt eine Weile zurück. Geben Sie das Passwort von { $email } ein, um fortzufahren. Ihre Eingaben bleiben
    erhalten, außer Passwörtern.
confirm-submit = Weiter
continue-with = Weiter mit { $provider }

# Where a person is signed in

sessions = Sitzungen
sessions-heading = Wo Sie angemeldet sind
sessions-lead =
    Diese Browser sind mit Ihrem Konto angemeldet. Wenn Sie einen davon nicht kennen, beenden Sie seine Sitzung und ändern Sie Ihr
    Passwort.
sessions-incomplete =
    Hier fehlen möglicherweise einige Ihrer Sitzungen. Melden Sie sich neu an, um alle zu sehen, oder kommen Sie gleich noch einmal
    wieder.
sessions-begun = Begonnen
sessions-last-seen = Zuletzt gesehen
sessions-this = Dieser Browser
sessions-end = Beenden
sessions-end-device = Beenden: { $device }
sessions-end-others = Alle anderen beenden
sessions-end-all = Alle beenden
sessions-end-many = Viele auf einmal beenden
sessions-end-many-lead = „Alle beenden“ beendet auch diese Sitzung. Danach melden Sie sich hier und überall neu an.
sessions-section-lead = Die Browser, die mit Ihrem Konto angemeldet sind.
device = { $browser } unter { $system }
device-unknown = Unbekannter Browser
address = Adresse
back-to-account = Zurück zu Ihrem Konto

# What happened to the account

activity = Aktivität
activity-section-lead = Anmeldungen und Änderungen der letzten 90 Tage, mit Zeit, Browser und Adresse.
activity-show = Aktivität anzeigen
activity-lead = Was in den letzten 90 Tagen mit Ihrem Konto geschehen ist. Wenn Sie etwas nicht kennen, { $change }.
activity-lead-change = ändern Sie Ihr Passwort
activity-none = In den letzten 90 Tagen ist nichts geschehen.
activity-time = Zeit
activity-what = Ereignis
activity-browser = Browser
activity-administrator = Administration
activity-no-address = –
activity-signed-in = Angemeldet
activity-sign-in-failed = Anmeldung fehlgeschlagen
activity-signed-out = Abgemeldet
activity-password-changed = Passwort geändert
activity-email-change-requested = Neue E-Mail-Adresse eingegeben
activity-email-changed = E-Mail-Adresse geändert
activity-email-restored = E-Mail-Adresse zurückgeholt
activity-email-verified = E-Mail-Adresse bestätigt
activity-password-reset-requested = Zurücksetzen des Passworts angefordert
activity-sign-in-link-requested = Login-Link angefordert
activity-token-reused = Sitzung beendet, weil ihr Schlüssel zweimal verwendet wurde
activity-other-sessions-ended = Alle anderen Sitzungen beendet
activity-other = Etwas anderes

restore-heading = Holen Sie Ihre Adresse zurück
restore-text =
    Ihr Konto hat dann wieder die E-Mail-Adresse, an die dieser Link gesendet wurde. Eine Authenticator-App, die in den letzten Tagen
    eingerichtet wurde, wird entfernt, ebenso Passkeys, die in den sieben Tagen vor diesem Link oder danach hinzugefügt wurden. Alle
    Sitzungen enden, und das Passwort gilt nicht mehr. Wir senden Ihnen einen Link, um ein neues festzulegen.
restore-submit = Zurückholen
restore-done = Geschafft! Die Adresse gehört wieder Ihnen
restore-done-text =
    Wir haben Ihnen eine E-Mail mit einem Link gesendet. Folgen Sie ihm, um ein neues Passwort festzulegen. Sorgen Sie dann dafür, dass
    niemand sonst Ihre E-Mails lesen kann.
restore-failed-text =
    Der Link ist unvollständig, älter als sieben Tage oder wurde schon verwendet. Wenn Ihre Adresse schon zurückgeholt wurde, suchen
    Sie nach einer E-Mail mit einem Link, um ein neues Passwort festzulegen.
